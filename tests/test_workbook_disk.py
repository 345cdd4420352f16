import tempfile
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

from odoo import fields
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from ..controllers import workbook
from .test_workbook import WorkbookCase
from .weekly_review import make_review


@tagged("post_install", "-at_install")
class TestWorkbookOnFullDisk(WorkbookCase, HttpCase):
    """The reader is told, and nothing stays behind."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.enter(cls.ivanov, (4, 3, 2), fields.Datetime.now() - timedelta(days=60))
        cls.review = make_review(cls)
        cls.folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))

    def download(self, path):
        self.authenticate("test_head", "test_head")
        with patch.object(tempfile, "tempdir", str(self.folder)):
            return self.url_open(f"/sales_funnel_control/workbook/{path}")

    @mute_logger(
        "odoo.http",
        "odoo.addons.http_routing.models.ir_http",
        "odoo.addons.sales_funnel_control.controllers.workbook",
    )
    def test_full_disk(self):
        for path in (f"board?team={self.team.id}", f"review/{self.review.id}"):
            with (
                self.subTest(path=path),
                # Whatever is written there, the kernel says that the disk is full.
                patch.object(workbook, "TemporaryFile", lambda: open("/dev/full", "w+b")),
            ):
                answer = self.download(path)
                self.assertEqual(answer.status_code, 422)
                self.assertIn("no room left for files", answer.text)
                self.assertNotIn("Traceback", answer.text)
            self.assertEqual(list(self.folder.iterdir()), [])
            self.assertTrue(self.download(path).content.startswith(b"PK"))
            self.assertEqual(list(self.folder.iterdir()), [])

    @mute_logger(
        "odoo.http",
        "odoo.addons.http_routing.models.ir_http",
        "odoo.addons.sales_funnel_control.controllers.workbook",
    )
    def test_no_file_can_be_made(self):
        """Not even one to write into."""
        with patch.object(workbook, "TemporaryFile", side_effect=OSError(28, "No space left")):
            answer = self.download(f"board?team={self.team.id}")
        self.assertEqual(answer.status_code, 422)
        self.assertIn("no room left for files", answer.text)
