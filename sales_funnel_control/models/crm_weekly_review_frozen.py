from odoo import api, models
from odoo.exceptions import ValidationError


class CrmWeeklyReviewFrozen(models.AbstractModel):
    """A part of a weekly review: it stands still once the review is closed.

    Whoever writes it, by whichever way: the system too. What follows from a week, such as
    activities and messages, goes on.
    """

    _name = "crm.weekly.review.frozen"
    _description = "Part of a Weekly Review"
    # Path to the review.
    _review_path = "review_id"

    @api.model_create_multi
    def create(self, vals_list):
        parts = super().create(vals_list)
        parts._check_still_open()
        return parts

    def write(self, vals):
        frozen = any(self._is_frozen_field(name) for name in vals)
        if frozen:
            self._check_still_open()
        result = super().write(vals)
        if frozen:
            # It may have been moved into a closed week.
            self._check_still_open()
        return result

    def unlink(self):
        self._check_still_open()
        return super().unlink()

    @api.model
    def _is_frozen_field(self, name):
        """What follows from a week is not frozen: activities and messages."""
        return not name.startswith(("activity_", "message_"))

    def _check_still_open(self):
        """Refuse to change a week that is closed.

        :raise ValidationError: naming it
        """
        closed = self.sudo().mapped(self._review_path).filtered(lambda week: week.state == "closed")
        if closed:
            raise ValidationError(
                self.env._(
                    "%(review)s is closed: its figures, words and decisions stand still. "
                    "Decide in the week that is open; what changed afterwards is shown under "
                    "“What Changed Since”.",
                    review=closed[0].display_name,
                )
            )
