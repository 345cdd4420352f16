from odoo import api, fields, models

_MINUTES = 60


class CrmTimeKind(models.Model):
    """What a manager's time goes into: the blocks of a timetable and the notes of a time study."""

    _name = "crm.time.kind"
    _description = "Kind of Work"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=100)
    active = fields.Boolean(default=True)
    icon = fields.Char(
        default="fa-circle-o",
        help="A Font Awesome name such as “fa-phone”, shown on the buttons of the time study.",
    )
    color = fields.Integer(help="The colour of its blocks in the week.")
    show_as = fields.Selection(
        [("busy", "Busy"), ("free", "Available")],
        "In the Calendar",
        default="busy",
        required=True,
        help="Whether colleagues see the manager as busy during such a block. Blocks for meetings "
        "are available: they are the room meetings with clients are booked into.",
    )

    @api.model
    def _duration_text(self, minutes):
        """Minutes as people say them: ``1 h 50 min``."""
        hours, rest = divmod(round(minutes), _MINUTES)
        if not hours:
            return self.env._("%(minutes)s min", minutes=rest)
        if not rest:
            return self.env._("%(hours)s h", hours=hours)
        return self.env._("%(hours)s h %(minutes)s min", hours=hours, minutes=rest)

    @api.model
    def _clock_text(self, hours):
        """Hours since midnight as on a clock: ``9:20``."""
        whole, minutes = divmod(round(hours * _MINUTES), _MINUTES)
        return f"{whole}:{minutes:02d}"

    @api.model
    def _span_text(self, hour_from, hour_to):
        return f"{self._clock_text(hour_from)}–{self._clock_text(hour_to)}"
