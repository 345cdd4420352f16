import logging
from tempfile import TemporaryFile

from werkzeug.wsgi import wrap_file
from xlsxwriter.exceptions import FileCreateError

from odoo import http
from odoo.exceptions import UserError
from odoo.http import content_disposition, request

from ..reports.workbook import file_name
from ..reports.workbook_board import write_board
from ..reports.workbook_review import write_review

_logger = logging.getLogger(__name__)

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# What stands in the address of the board, and what the board calls it.
_ADDRESS = {
    "team": "team_id",
    "weeks": "weeks",
    "from": "date_from",
    "to": "date_to",
    "role": "role",
}
_CHOICES = {"age": ("mature", "all"), "compare": ("", "previous")}


class WorkbookController(http.Controller):
    """Downloads of what the reader may see anyway: their own payload, as a workbook."""

    @http.route("/sales_funnel_control/workbook/board", type="http", auth="user", readonly=True)
    def board_workbook(self, **query):
        """The control board, asked for with the words of its own address."""
        board = request.env["crm.control.board"].get_board(**self._board_options(query))
        period = board["period"]
        name = f"{board['team']['name']} {period['date_from']} – {period['date_to']}"
        return self._download(write_board, board, name)

    @http.route(
        "/sales_funnel_control/workbook/review/<int:review_id>",
        type="http",
        auth="user",
        readonly=True,
    )
    def review_workbook(self, review_id):
        """A weekly review."""
        review = request.env["crm.weekly.review"].browse(review_id)
        if not review.exists():
            raise request.not_found()
        payload = review.get_review()
        return self._download(write_review, payload, payload["name"])

    def _board_options(self, query):
        """What the address asks for, as arguments of ``get_board``, which checks them."""
        known = [*_ADDRESS, "adjust", *_CHOICES]
        unknown = [name for name in query if name not in known]
        unknown += [
            name for name, words in _CHOICES.items() if query.get(name, words[0]) not in words
        ]
        if unknown:
            raise UserError(
                request.env._(
                    "The address of the workbook says “%(wrong)s” in a way that is not understood. "
                    "Open the control board and download it from there.",
                    wrong=", ".join(unknown),
                )
            )
        options = {ours: query.get(name) or None for name, ours in _ADDRESS.items()}
        team = options["team_id"]
        if team and team.isascii() and team.isdigit():
            options["team_id"] = int(team)
        return {
            **options,
            "adjust_for": [name for name in query.get("adjust", "").split(",") if name],
            "mature_only": query.get("age", "mature") == "mature",
            "compare": query.get("compare") == "previous",
        }

    def _download(self, write, payload, name):
        """Write the workbook into a file that is gone once it is sent, and stream it."""
        try:
            # It lives until the server has sent it, and closes it.
            file = TemporaryFile()  # noqa: SIM115
            write(payload, file, request.env._, request.env.company.name)
            length = file.tell()
            file.seek(0)
        except (OSError, FileCreateError) as error:
            _logger.warning("A workbook cannot be written: %s", error)
            raise UserError(
                request.env._(
                    "The workbook cannot be written: the server has no room left for files. "
                    "Tell your administrator. The figures are safe, and on the screen as before."
                )
            ) from error
        response = request.make_response(
            wrap_file(request.httprequest.environ, file),
            [
                ("Content-Type", _XLSX),
                ("Content-Length", str(length)),
                ("Content-Disposition", content_disposition(f"{file_name(name)}.xlsx")),
                ("Cache-Control", "no-store"),
                ("X-Content-Type-Options", "nosniff"),
            ],
        )
        response.direct_passthrough = True
        return response
