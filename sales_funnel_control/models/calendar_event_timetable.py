from odoo import fields, models

# What a manager changes in an event makes it theirs: a timetable leaves it alone from then on.
_BY_HAND = {
    "active",
    "alarm_ids",
    "allday",
    "categ_ids",
    "description",
    "duration",
    "location",
    "name",
    "notes",
    "opportunity_id",
    "partner_ids",
    "privacy",
    "recurrency",
    "res_id",
    "show_as",
    "start",
    "start_date",
    "stop",
    "stop_date",
    "videocall_location",
}


class CalendarEvent(models.Model):
    """Blocks of a timetable in a manager's calendar."""

    _inherit = "calendar.event"

    time_block_id = fields.Many2one(
        "crm.time.block",
        "Block of the Timetable",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
    )
    timetable_date = fields.Date(
        "Day of the Timetable",
        readonly=True,
        copy=False,
        help="The working day the timetable was applied to. Empty for all other events.",
    )
    is_timetable_changed = fields.Boolean(
        "Changed by Hand",
        readonly=True,
        copy=False,
        help="The manager changed this block. Applying or removing the timetable leaves it alone.",
    )

    _timetable_once = models.UniqueIndex(
        "(user_id, timetable_date, time_block_id) WHERE timetable_date IS NOT NULL",
        "This block of the timetable is in the manager's calendar already.",
    )

    def write(self, vals):
        ours = self.browse()
        if not self.env.context.get("from_timetable"):
            if not _BY_HAND.isdisjoint(vals):
                ours = self.sudo().filtered("timetable_date")
            if "user_id" in vals:
                self._hand_over_block(vals["user_id"])
        result = super().write(vals)
        if ours:
            ours.exists().with_context(from_timetable=True).write({"is_timetable_changed": True})
        return result

    def _hand_over_block(self, user_id):
        """A block given to somebody else is an event like any other."""
        given = self.sudo().filtered(
            lambda event: event.timetable_date and event.user_id.id != user_id
        )
        if given:
            given.with_context(from_timetable=True).write(
                {"time_block_id": False, "timetable_date": False}
            )
