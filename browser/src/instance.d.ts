// The shape of /instance.js, which intake renders when it starts: all that differs between two instances of the product.

export type Instance = Readonly<{
  instanceId: string;
  rootFingerprint: string;
  card: string;
  languages: readonly string[];
  acknowledgeDays: number;
  feedbackMonths: number;
  /** The largest file that is taken, in bytes, and how many files of one report. */
  fileBytes: number;
  files: number;
}>;

export const instance: Instance;
