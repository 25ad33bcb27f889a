"""From the public server to the desk and back: pulled, opened, acknowledged, answered, pushed, read by the reporter."""

from tests.desk.running import ANNA, Desk, Reporter
from tests.intake.running import Intake
from whistle.protocol.content import Acknowledgement, Message, Notice
from whistle.protocol.thread import Verdict


def test_a_report_is_acknowledged_and_answered_and_the_reporter_reads_it_all_verified(desk: Desk, intake: Intake) -> None:
    reporter = Reporter.new(desk.card)
    reporter.submit(intake, reporter.report("Bilag 7 er forfalsket."))
    desk.poll()
    anna = desk.member(ANNA)
    assert "Case 1" in anna.get("/").text
    page = anna.get("/cases/1")
    assert "Bilag 7 er forfalsket." in page.text
    assert anna.post("/cases/1/acknowledge", text="Vi har læst det.").status == 303
    assert anna.post("/cases/1/reply", text="Hvilken måned?").status == 303
    assert anna.post("/cases/1/state", state="assessing", tell="yes").status == 303
    desk.poll()

    thread = reporter.mailbox(intake)
    bodies = [item.content.body for item in thread.items if item.content]
    assert [item.verdict for item in thread.items] == [Verdict.VERIFIED] * 4
    assert bodies[1:] == [Acknowledgement("Vi har læst det."), Message("Hvilken måned?"), Notice("assessing", "")]

    reporter.submit(intake, reporter.message("I marts.", seen=thread.last["to-reporter"]), "/api/post")
    desk.poll()
    assert "1 new" in anna.get("/").text
    assert "I marts." in anna.get("/cases/1").text
    assert "Nothing new" in anna.get("/").text
