import logging

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

_logger = logging.getLogger(__name__)

_BATCH = 200


class CrmLead(models.Model):
    """Requests that were not answered in time are escalated, once."""

    _inherit = "crm.lead"

    @api.model
    def _cron_escalate_requests(self):
        """Every few minutes: tell who is to know of requests that are overdue. Can be resumed.

        The activity and the mark that it was raised are committed together.
        """
        cron = self.env["ir.cron"]
        failed = self.browse()
        domain = [
            ("channel_id", "!=", False),
            ("first_reaction_at", "=", False),
            ("escalated_at", "=", False),
            ("reaction_due_at", "<", fields.Datetime.now()),
            ("won_status", "=", "pending"),
        ]
        while requests := self.search(
            [*domain, ("id", "not in", failed.ids)], limit=_BATCH, order="reaction_due_at, id"
        ):
            locked = requests.try_lock_for_update(allow_referencing=True)
            # Whoever holds the others is about to react; they are seen to by the next run.
            failed |= requests - locked | locked._escalate_each()
            remaining = self.search_count([*domain, ("id", "not in", failed.ids)])
            if not cron._commit_progress(len(requests), remaining=remaining):
                return

    def _escalate_each(self):
        """Escalate all at once; where that fails, each, and log those that fail.

        :return: the requests that failed
        """
        failed = self.browse()
        try:
            with self.env.cr.savepoint():
                self._escalate()
        except (UserError, AccessError):
            for request in self:
                try:
                    with self.env.cr.savepoint():
                        request._escalate()
                except (UserError, AccessError) as error:
                    _logger.warning("Request %s cannot be escalated: %s", request.id, error)
                    failed |= request
        return failed

    def _escalate(self):
        """An activity for each request, for who is to see that the client is answered."""
        now = fields.Datetime.now()
        told = {
            request: user
            for request in self
            if (user := request.channel_id._escalation_user(request.team_id))
        }
        activities = self.env["mail.activity"].create(
            [request._escalation_values(user) for request, user in told.items()]
        )
        for request, activity in zip(told, activities, strict=True):
            request.escalation_activity_id = activity
        self.write({"escalated_at": now})

    def _escalation_values(self, user):
        request = self.with_context(lang=user.lang)
        owner = request.user_id.name
        note = (
            request.env._(
                "The client turned to us by “%(channel)s” and has not heard from %(owner)s yet.",
                channel=request.channel_id.name,
                owner=owner,
            )
            if owner
            else request.env._(
                "The client turned to us by “%(channel)s”, and the request has no manager yet.",
                channel=request.channel_id.name,
            )
        )
        todo = self.env.ref("mail.mail_activity_data_todo", raise_if_not_found=False)
        return {
            "res_model_id": self.env["ir.model"]._get_id("crm.lead"),
            "res_id": self.id,
            "activity_type_id": todo and todo.id,
            "user_id": user.id,
            "date_deadline": self.channel_id.company_id._funnel_today(),
            "summary": request.env._("Request without a reaction"),
            "note": Markup("<p>%s</p>") % note,
        }
