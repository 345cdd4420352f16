from odoo import models
from odoo.fields import Domain


class CrmWeeklyReviewLine(models.Model):
    """What stands behind the figures of a manager's week, under the reader's own rules."""

    _inherit = "crm.weekly.review.line"

    def action_open_clients(self):
        """Open the clients the manager worked in the week."""
        self.ensure_one()
        week = self.review_id.sudo()._week()
        return self._clients_action(
            self._stays_domain()
            & Domain("entered_at", "<", week.ends_at)
            & (Domain("left_at", "=", False) | Domain("left_at", ">=", week.begins_at))
        )

    def action_open_contacts(self):
        """Open the contacts of the week."""
        self.ensure_one()
        return self._behind_action(
            "crm.contact.log",
            self.env._("Contacts"),
            Domain("user_id", "=", self.user_id.id)
            & Domain("company_id", "=", self.company_id.id)
            & Domain("week_start", "=", self.week_start)
            & Domain("state", "=", "done"),
        )

    def action_open_refusals(self):
        """Open the refusals of the week."""
        self.ensure_one()
        return self._refusals_action(Domain("is_spam_or_duplicate", "!=", True))

    def _stays_domain(self):
        return (
            Domain("team_id", "=", self.team_id.id)
            & Domain("company_id", "=", self.company_id.id)
            & Domain("user_id", "=", self.user_id.id)
            & Domain("stage_id", "not in", list(self.env["crm.stage"]._won_stage_ids()))
        )

    def _clients_action(self, stays):
        return {
            **self._behind_action(
                "crm.lead", self.env._("Clients"), Domain("stage_history_ids", "any", stays)
            ),
            "context": {"active_test": False},
        }

    def _refusals_action(self, domain):
        week = self.review_id.sudo()._week()
        domain &= Domain("team_id", "=", self.team_id.id)
        domain &= Domain("company_id", "=", self.company_id.id)
        domain &= Domain("user_id", "=", self.user_id.id)
        domain &= Domain("refused_at", ">=", week.begins_at)
        domain &= Domain("refused_at", "<", week.ends_at)
        return self._behind_action("crm.lead.refusal", self.env._("Refusals"), domain)

    def _behind_action(self, model, title, domain):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("%(title)s: %(manager)s", title=title, manager=self.display_name),
            "res_model": model,
            "views": [[False, "list"], [False, "form"]],
            "domain": list(domain),
            "context": {},
        }


class CrmWeeklyReviewStage(models.Model):
    _inherit = "crm.weekly.review.stage"

    def action_open_clients(self):
        """Open the clients that stood on the stage in the week."""
        self.ensure_one()
        line = self.line_id
        week = line.review_id.sudo()._week()
        return line._clients_action(
            line._stays_domain()
            & Domain("stage_id", "=", self.stage_id.id)
            & Domain("entered_at", "<", week.ends_at)
            & (Domain("left_at", "=", False) | Domain("left_at", ">=", week.begins_at))
        )


class CrmWeeklyReviewTransition(models.Model):
    _inherit = "crm.weekly.review.transition"

    def action_open_clients(self):
        """Open the clients the conversion counts, as the control board has them today."""
        self.ensure_one()
        review = self.review_id
        options = {
            "team_id": review.team_id.id,
            "date_to": str(review._sunday()),
            "weeks": review._board_weeks,
        }
        who = {}
        if self.line_id:
            who = {
                "user_id": self.line_id.user_id.id,
                "sales_role": self.line_id.sales_role or False,
            }
        return self.env["crm.control.board"].get_entries_action(self.stage_id.id, options, **who)


class CrmWeeklyReviewRefusal(models.Model):
    _inherit = "crm.weekly.review.refusal"

    def action_open_refusals(self):
        """Open the refusals for this reason."""
        self.ensure_one()
        return self.line_id._refusals_action(Domain("lost_reason_id", "=", self.reason_id.id))
