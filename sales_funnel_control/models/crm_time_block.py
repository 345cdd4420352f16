from collections import defaultdict
from itertools import pairwise

from odoo import api, fields, models
from odoo.exceptions import ValidationError

WEEKDAYS = [
    ("0", "Monday"),
    ("1", "Tuesday"),
    ("2", "Wednesday"),
    ("3", "Thursday"),
    ("4", "Friday"),
    ("5", "Saturday"),
    ("6", "Sunday"),
]
_MINUTES = 60


class CrmTimeBlock(models.Model):
    """A block of a weekly timetable, by the clock of the company's sales time zone."""

    _name = "crm.time.block"
    _description = "Block of a Timetable"
    _order = "timetable_id, weekday, hour_from, id"

    timetable_id = fields.Many2one("crm.timetable", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="timetable_id.company_id")
    weekday = fields.Selection(WEEKDAYS, "Day", required=True, default="0")
    hour_from = fields.Float("From", required=True, default=9)
    hour_to = fields.Float("To", required=True, default=10)
    kind_id = fields.Many2one("crm.time.kind", "Activity", required=True, ondelete="restrict")
    name = fields.Char(
        "What Exactly",
        translate=True,
        help="What the event in the calendar is called. The kind of work where it is left empty.",
    )

    _hours_in_order = models.Constraint(
        "CHECK (0 <= hour_from AND hour_from < hour_to AND hour_to <= 24)",
        "A block begins before it ends, both between 0:00 and 24:00.",
    )

    @api.depends("name", "kind_id.name")
    def _compute_display_name(self):
        for block in self:
            block.display_name = block.name or block.kind_id.name

    @api.constrains("timetable_id", "weekday", "hour_from", "hour_to")
    def _check_overlap(self):
        days = dict(self._fields["weekday"]._description_selection(self.env))
        by_day = defaultdict(list)
        for block in self.search([("timetable_id", "in", self.timetable_id.ids)]):
            by_day[block.timetable_id, block.weekday].append(block)
        for (timetable, weekday), blocks in by_day.items():
            for one, other in pairwise(sorted(blocks, key=lambda block: block.hour_from)):
                if one._minute_to() > other._minute_from():
                    raise ValidationError(
                        self.env._(
                            "%(day)s in “%(timetable)s”: %(one)s and %(other)s overlap. "
                            "Move one of them.",
                            day=days[weekday],
                            timetable=timetable.name,
                            one=one._label(),
                            other=other._label(),
                        )
                    )

    def _minute_from(self):
        """Minutes since midnight: hours are floats that meet only after rounding."""
        return round(self.hour_from * _MINUTES)

    def _minute_to(self):
        return round(self.hour_to * _MINUTES)

    def _label(self):
        """The block in a sentence: its name and hours."""
        self.ensure_one()
        span = self.kind_id._span_text(self.hour_from, self.hour_to)
        return self.env._("“%(name)s” (%(hours)s)", name=self.display_name, hours=span)
