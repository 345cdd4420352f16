import logging
from collections import defaultdict
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

from .crm_lead_refusal_return import FORGOTTEN_DAYS

_logger = logging.getLogger(__name__)

_BATCH = 500


class CrmLeadRefusal(models.Model):
    """Reminding of returns that are due, and of what was promised to clients."""

    _inherit = "crm.lead.refusal"

    @api.model
    def _cron_follow_up(self):
        """Daily: remind of the returns and offers that are due; forget none. Can be resumed."""
        cron = self.env["ir.cron"]
        for due, raise_reminders in (
            (self._due_domain("return"), self._remind_of_return),
            (self._due_domain("offer"), self._remind_of_offer),
        ):
            failed = self.browse()
            while refusals := self.search(
                due & Domain("id", "not in", failed.ids), limit=_BATCH, order="id"
            ):
                failed |= self._stepping_over(refusals, raise_reminders)
                remaining = self.search_count(due & Domain("id", "not in", failed.ids), limit=1)
                if not cron._commit_progress(len(refusals), remaining=remaining):
                    return
        self._mark_forgotten()

    def _stepping_over(self, refusals, work):
        """Do the work for all at once; where that fails, for each, and log those that fail.

        :return: the refusals that failed
        """
        failed = self.browse()
        try:
            with self.env.cr.savepoint():
                work(refusals)
        except (UserError, AccessError):
            for refusal in refusals:
                try:
                    with self.env.cr.savepoint():
                        work(refusal)
                except (UserError, AccessError) as error:
                    _logger.warning("Refusal %s cannot be followed up: %s", refusal.id, error)
                    failed |= refusal
        return failed

    def _due_domain(self, kind):
        """Refusals whose return or offer is due today in their company, with no reminder yet."""
        done = {"return": "returned_on", "offer": "offered_on"}[kind]
        return (
            Domain(f"{kind}_activity_id", "=", False)
            & Domain(done, "=", False)
            & self._not_blacklisted_domain()
            & Domain.OR(
                Domain("company_id", "=", company.id)
                & Domain(f"{kind}_on", "<=", company._funnel_today())
                for company in self.env["res.company"].search([])
            )
        )

    def _remind_of_return(self, refusals):
        """An activity for each client: on the deal it has in work, else on the latest refused."""
        present = refusals._present_leads()
        by_client = defaultdict(self.browse)
        for refusal in refusals:
            client = refusal.partner_id.commercial_partner_id or refusal.lead_id or refusal
            by_client[present[refusal] or client] |= refusal
        latest = {
            refusals_of: refusals_of.sorted(lambda r: (bool(r.lead_id), r.refused_at))[-1:]
            for refusals_of in by_client.values()
        }
        leads = {
            refusals_of: present[last] or last.lead_id or last._deal_to_remind_on()
            for refusals_of, last in latest.items()
        }
        raised = self._raised_on([lead.id for lead in leads.values()])
        missing = [each for each, lead in leads.items() if lead not in raised]
        activities = self._schedule(
            [
                (
                    latest[each],
                    leads[each],
                    latest[each]._reminded(present[latest[each]]),
                    latest[each].return_on,
                )
                for each in missing
            ],
            self.env._("Return to the client"),
        )
        raised |= {leads[each]: new for each, new in zip(missing, activities, strict=True)}
        for each, lead in leads.items():
            values = {"return_activity_id": raised[lead].id}
            if lead not in each.lead_id:
                values["return_lead_id"] = lead.id
            each.write(values)

    def _raised_on(self, lead_ids):
        """Open reminders of a return, by the opportunity they stand on."""
        known = self.search(
            [
                ("return_activity_id.res_model", "=", "crm.lead"),
                ("return_activity_id.res_id", "in", lead_ids),
                ("return_activity_id.active", "=", True),
            ]
        )
        return {
            self.env["crm.lead"].browse(activity.res_id): activity
            for activity in known.return_activity_id
        }

    def _reminded(self, present):
        """Who works the client now; where nobody does, who answers for it."""
        return present.user_id.filtered("active") or self._responsible()

    def _deal_to_remind_on(self):
        """The deal was deleted: the client gets a new one."""
        team = self._return_team()
        manager = self._manager_in(team, self._responsible())
        return self.env["crm.lead"].create(self._second_try_values(team, manager))

    def _remind_of_offer(self, refusals):
        present = refusals._present_leads()
        refusals.filtered(lambda r: not (r.lead_id or r.partner_id or present[r])).offer_on = False
        by_offer = refusals.filtered("offer_on").grouped("offer")
        for offer, promised in by_offer.items():
            activities = self._schedule(
                [
                    (
                        refusal,
                        present[refusal] or refusal.lead_id or refusal.partner_id,
                        refusal._reminded(present[refusal]),
                        refusal.offer_on,
                    )
                    for refusal in promised
                ],
                self.env._("Promised: %(offer)s", offer=offer or ""),
            )
            for refusal, activity in zip(promised, activities, strict=True):
                refusal.offer_activity_id = activity

    def _schedule(self, plans, summary, kind="mail.mail_activity_data_call", with_note=False):
        """Plan something with clients, with what they said when they refused.

        :param plans: ``(refusal, record to plan it on, user, date)``
        :return: the activities, in that order
        """
        activity_type = self.env.ref(kind, raise_if_not_found=False)
        return (
            self.env["mail.activity"]
            .with_context(mail_activity_quick_update=True)
            .create(
                [
                    {
                        "res_model_id": self.env["ir.model"]._get_id(record._name),
                        "res_id": record.id,
                        "activity_type_id": activity_type and activity_type.id,
                        "user_id": user.id,
                        "date_deadline": deadline,
                        "summary": summary,
                        "note": refusal.with_context(lang=user.lang)._story(with_note),
                    }
                    for refusal, record, user, deadline in plans
                ]
            )
        )

    def _mark_forgotten(self):
        forgotten = self.search(
            [
                ("return_result", "=", "waiting"),
                ("return_on", "<", fields.Date.today() - timedelta(days=FORGOTTEN_DAYS)),
            ]
        )
        self.env.add_to_compute(self._fields["return_result"], forgotten)

    def _forget_raised(self, field):
        """A new day was agreed: what reminds of the old one is no longer needed."""
        activities = self.sudo()[field].filtered("active")
        self.sudo().write({field: False})
        activities.unlink()

    def _reminders_done(self, activities):
        """Keep what was done with the activities that reminded of a return or an offer."""
        for refusal in self.search([("return_activity_id", "in", activities.ids)]):
            if not refusal.returned_on:
                lead = refusal.return_lead_id or refusal.lead_id
                refusal.write({"returned_on": refusal._today(), "return_lead_id": lead.id})
        for refusal in self.search(
            [("offer_activity_id", "in", activities.ids), ("offered_on", "=", False)]
        ):
            refusal.offered_on = refusal._today()
