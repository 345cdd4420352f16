from collections import defaultdict
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

_GRACE_DAYS = 7
_FORGOTTEN_DAYS = 30
_BATCH = 500


class CrmLeadRefusal(models.Model):
    """Coming back to clients who refused, and keeping what was promised to them."""

    _inherit = "crm.lead.refusal"

    # -- computes -----------------------------------------------------------------------------

    @api.depends("return_on", "returned_on")
    def _compute_return_result(self):
        for refusal in self:
            due = refusal.return_on
            today = refusal._today()
            if refusal.returned_on:
                is_late = due and refusal.returned_on > due + timedelta(days=_GRACE_DAYS)
                refusal.return_result = "late" if is_late else "on_time"
            elif not due:
                refusal.return_result = "none"
            else:
                is_forgotten = due + timedelta(days=_FORGOTTEN_DAYS) < today
                refusal.return_result = "forgotten" if is_forgotten else "waiting"

    # -- actions ------------------------------------------------------------------------------

    def action_return(self):
        """Work the client again: open the deal it is worked in, or reopen the old one.

        A client that has a deal in work meanwhile is not given a second one. A client that has
        bought goes to the team of existing clients, with a deal of its own.

        :return: window action on the opportunity
        :raise UserError: where somebody else works the client already
        """
        self.ensure_one()
        self.check_access("write")
        lead = self.sudo()._return_to_client(self._return_manager())
        if lead != self.lead_id and not lead.with_env(self.env).has_access("read"):
            raise UserError(
                self.env._(
                    "%(manager)s works with %(client)s already. Talk to each other first.",
                    manager=lead.user_id.name or self.env._("Another team"),
                    client=self._client_name(),
                )
            )
        return {
            "type": "ir.actions.act_window",
            "res_model": "crm.lead",
            "res_id": lead.id,
            "views": [[False, "form"]],
        }

    # -- returning ----------------------------------------------------------------------------

    def _return_manager(self):
        """Who works the client on the second try: who asks, where that is one who sells."""
        own = self.env.user in self.user_id | self.exchanged_to_id
        return self.env.user if own else self._responsible()

    def _return_to_client(self, manager):
        """Reopen the deal, or make a new one in the right funnel.

        :param manager: user who works the client from now on
        :return: the opportunity of the second try
        """
        self.ensure_one()
        present = self._present_leads()[self]
        if present:
            self._returned({self: present})
            return present
        return self._second_try(manager)

    def _second_try(self, manager):
        team = self._return_team()
        if self.lead_id.won_status == "lost" and team in (self.lead_id.team_id, self.team_id):
            lead = self.lead_id
            lead.user_id = manager
            lead.action_restore()
        else:
            lead = self.env["crm.lead"].create(self._second_try_values(team, manager))
        self._returned({self: lead})
        return lead

    def _second_try_values(self, team, manager):
        former = self.lead_id
        return {
            "name": self.lead_name or self._client_name(),
            "type": "opportunity",
            "partner_id": self.partner_id.id,
            "contact_name": former.contact_name,
            "partner_name": former.partner_name,
            "email_from": former.email_from,
            "phone": former.phone,
            "team_id": team.id,
            "user_id": manager.id,
            "company_id": former.company_id.id,
            "expected_revenue": self.amount,
            "lead_class": self.lead_class,
            "source_id": self.source_id.id,
            "campaign_id": self.campaign_id.id,
        }

    def _return_team(self):
        """The funnel for the second try: that of existing clients where the client has bought."""
        if not self.partner_id or not self._has_bought():
            return self.team_id
        company = self.company_id
        return (
            self.team_id.filtered(lambda team: team.funnel_kind == "proactive")
            or self.env["crm.team"].search(
                [
                    ("funnel_kind", "=", "proactive"),
                    ("use_opportunities", "=", True),
                    ("company_id", "in", (company.id, False)),
                ],
                limit=1,
            )
            or self.team_id
        )

    def _has_bought(self):
        client = self.partner_id.commercial_partner_id
        return bool(
            self.env["crm.lead"]
            .with_context(active_test=False)
            .search_count(
                [("partner_id", "child_of", client.id), ("won_status", "=", "won")], limit=1
            )
            or self.env["sale.order"].search_count(
                [("partner_id", "child_of", client.id), ("state", "=", "sale")], limit=1
            )
        )

    def _returned(self, leads):
        """Note that the client is worked again, and close what reminded of it.

        :param dict leads: opportunity of the second try, by refusal
        """
        for refusal, lead in leads.items():
            refusal.write({"returned_on": refusal._today(), "return_lead_id": lead.id})
        activities = self.return_activity_id.filtered("active")
        if activities:
            activities.action_feedback(feedback=self.env._("The client is worked again."))

    # -- reminders ----------------------------------------------------------------------------

    @api.model
    def _cron_follow_up(self):
        """Daily: remind of the returns and offers that are due; forget none. Can be resumed."""
        cron = self.env["ir.cron"]
        for due, raise_reminders in (
            (self._due_domain("return"), self._remind_of_return),
            (self._due_domain("offer"), self._remind_of_offer),
        ):
            while refusals := self.search(due, limit=_BATCH, order="id"):
                raise_reminders(refusals)
                if not cron._commit_progress(
                    len(refusals), remaining=self.search_count(due, limit=1)
                ):
                    return
        self._mark_forgotten()

    def _due_domain(self, kind):
        """Refusals whose return or offer is due today in their company, with no reminder yet."""
        done = {"return": "returned_on", "offer": "offered_on"}[kind]
        return (
            Domain(f"{kind}_activity_id", "=", False)
            & Domain(done, "=", False)
            & Domain.OR(
                Domain("company_id", "=", company.id)
                & Domain(f"{kind}_on", "<=", company._funnel_today())
                for company in self.env["res.company"].search([])
            )
        )

    def _remind_of_return(self, refusals):
        """An activity for each client: on the deal it has in work, else on the one refused."""
        leads = refusals._present_leads()
        by_lead = defaultdict(self.browse)
        for refusal in refusals:
            by_lead[leads[refusal] or refusal.lead_id] |= refusal
        for lead, of_lead in by_lead.items():
            if not lead:
                # The deal was deleted: the client gets a new one to remind on.
                for refusal in of_lead:
                    refusal._remind_without_deal()
                continue
            present = lead not in of_lead.lead_id
            manager = lead.user_id if present else of_lead[:1]._responsible()
            known = of_lead.search([("return_lead_id", "=", lead.id)]).return_activity_id
            activity = known.filtered("active")[:1] or of_lead[:1]._schedule(
                lead, manager, self.env._("Return to the client"), of_lead[:1].return_on
            )
            of_lead.write({"return_activity_id": activity.id})
            if present:
                of_lead.write({"return_lead_id": lead.id})

    def _remind_without_deal(self):
        lead = self.env["crm.lead"].create(
            self._second_try_values(self._return_team(), self._responsible())
        )
        activity = self._schedule(
            lead, lead.user_id, self.env._("Return to the client"), self.return_on
        )
        self.write({"return_lead_id": lead.id, "return_activity_id": activity.id})

    def _remind_of_offer(self, refusals):
        leads = refusals._present_leads()
        for refusal in refusals:
            target = leads[refusal] or refusal.lead_id or refusal.partner_id
            if not target:
                refusal.offer_on = False
                continue
            summary = self.env._("Promised: %(offer)s", offer=refusal.offer or "")
            refusal.offer_activity_id = refusal._schedule(
                target, refusal._responsible(), summary, refusal.offer_on
            )

    def _schedule(self, record, manager, summary, deadline):
        """A call planned with the client, with what it said when it refused."""
        return record.with_context(mail_activity_quick_update=True).activity_schedule(
            "mail.mail_activity_data_call",
            deadline,
            summary=summary,
            note=self._story(),
            user_id=manager.id,
        )

    def _mark_forgotten(self):
        forgotten = self.search(
            [
                ("return_result", "=", "waiting"),
                ("return_on", "<", fields.Date.today() - timedelta(days=_FORGOTTEN_DAYS)),
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

    # -- the client ---------------------------------------------------------------------------

    def _present_leads(self):
        """The opportunity in which each client is worked now, if there is one.

        :return: opportunity, or none, by refusal; the refused deal itself where it was reopened
        """
        clients = self.partner_id.commercial_partner_id
        in_work = self.env["crm.lead"].search(
            [
                ("type", "=", "opportunity"),
                ("won_status", "=", "pending"),
                "|",
                ("partner_id.commercial_partner_id", "in", clients.ids),
                ("id", "in", self.lead_id.ids),
            ],
            order="id desc",
        )
        by_client = {}
        for lead in in_work:
            key = (lead.partner_id.commercial_partner_id, lead.company_id)
            by_client.setdefault(key, lead)
        return {
            refusal: (
                refusal.lead_id & in_work
                or self._of_client(by_client, refusal)
                or self.env["crm.lead"]
            )
            for refusal in self
        }

    def _of_client(self, by_client, refusal):
        client = refusal.partner_id.commercial_partner_id
        if not client:
            return None
        companies = (refusal.lead_id.company_id, refusal.company_id, self.env["res.company"])
        return next(
            (by_client[client, company] for company in companies if (client, company) in by_client),
            None,
        )

    def _responsible(self):
        """Who answers for the client: the manager; where that one left, who took over."""
        self.ensure_one()
        people = (
            self.exchanged_to_id,
            self.user_id,
            self.lead_id.user_id,
            self.partner_id.commercial_partner_id.user_id,
            self.team_id.user_id,
        )
        for user in people:
            if user.active:
                return user
        managers = self.env.ref("sales_team.group_sale_manager").all_user_ids
        present = managers.filtered(
            lambda user: user.active and self.company_id in user.company_ids
        )
        return present[:1] or self.env.user

    def _client_name(self):
        return self.partner_id.display_name or self.lead_name or self.env._("the client")

    def _today(self):
        return (self.company_id or self.env.company)._funnel_today()
