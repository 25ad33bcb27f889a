"""The files of a case: what may be in one before it is taken out, its bytes, and the forms that bring one in.

Decided here: that looking at a file and taking it out are on the log each time, before the answer.
"""

from dataclasses import dataclass
from functools import partial

from starlette.responses import Response, StreamingResponse

from whistle.desk.casepages import CasePages, place_of
from whistle.desk.channels import Taking
from whistle.desk.files import CaseFiles, Shown, disposition
from whistle.desk.paths import Form, Visit
from whistle.desk.reading import OpenCase, Reader
from whistle.desk.showing import Pages
from whistle.desk.uploads import FileForm, Sending, Upload
from whistle.desk.writing import Writer
from whistle.store.desk import Act, Cases


@dataclass(frozen=True, eq=False)
class FilePages:
    """Shows a file and hands it out; takes one for the reporter, and a recording that the desk keeps, sealed as it comes."""

    cases: Cases
    reader: Reader
    writer: Writer
    files: CaseFiles
    taking: Taking
    case_pages: CasePages
    pages: Pages

    def show(self, visit: Visit) -> Response:
        """What may be in a file, before anybody downloads it."""
        _, shown = self._file(visit)
        self.cases.log(Act(visit.now, visit.session.member, "opened file", visit.case))
        path = f"/cases/{visit.case}/files/{shown.id.hex()}"
        return self.pages.render(
            "file", path, visit.session.language, visit.session, number=visit.case, file=shown, action=path
        )

    def download(self, visit: Visit, _: Form) -> Response:
        """The bytes as an attachment. The connection is broken off where they do not verify."""
        opened, shown = self._file(visit)
        assert shown.sent is not None
        self.cases.log(Act(visit.now, visit.session.member, "downloaded file", visit.case))
        headers = {
            "content-disposition": disposition(shown.sent.name),
            "content-length": str(shown.sent.size),
            "cache-control": "no-store",
        }
        return StreamingResponse(self.files.read(opened, shown), headers=headers, media_type="application/octet-stream")

    def _file(self, visit: Visit) -> tuple[OpenCase, Shown]:
        opened = self.reader.read(visit.session, visit.case)
        return opened, self.files.find(opened, visit.file, visit.now.date())

    def begin(self, visit: Visit, form: FileForm) -> Sending:
        """A file for the reporter."""
        return self.writer.begin_file(place_of(visit, form.fields), visit.now)

    def send(self, visit: Visit, upload: Upload[Sending]) -> Response:
        return self.case_pages.done(visit, "file", "", partial(self._send, visit, upload))

    def _send(self, visit: Visit, upload: Upload[Sending]) -> None:
        sending, form = upload.end(), upload.form
        self.writer.send_file(place_of(visit, form.fields), sending, form.name, form.type, visit.now)

    def begin_recording(self, visit: Visit, form: FileForm) -> Sending:
        return self.taking.begin_recording(place_of(visit, form.fields), visit.now)

    def keep_recording(self, visit: Visit, upload: Upload[Sending]) -> Response:
        fields = upload.form.fields
        return self.case_pages.done(visit, "recording", fields.get("text", ""), partial(self._keep, visit, upload), fields)

    def _keep(self, visit: Visit, upload: Upload[Sending]) -> None:
        sending, form = upload.end(), upload.form
        self.taking.keep_recording(place_of(visit, form.fields), sending, form, visit.now)
