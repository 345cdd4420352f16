from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain

_GRACE_DAYS = 7
FORGOTTEN_DAYS = 30


class CrmLeadRefusal(models.Model):
    """Coming back to clients who refused."""

    _inherit = "crm.lead.refusal"

    # -- computes -----------------------------------------------------------------------------

    @api.depends("return_on", "returned_on")
    def _compute_return_result(self):
        for refusal in self:
            due = refusal.return_on
            today = refusal._today()
            if refusal.returned_on:
                is_late = due and (refusal.returned_on - due).days > _GRACE_DAYS
                refusal.return_result = "late" if is_late else "on_time"
            elif not due:
                refusal.return_result = "none"
            else:
                is_forgotten = (today - due).days > FORGOTTEN_DAYS
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
        self.sudo()._check_may_return(self.env.user)
        lead = self.sudo()._return_to_client(self._return_manager())
        return {
            "type": "ir.actions.act_window",
            "res_model": "crm.lead",
            "res_id": lead.id,
            "views": [[False, "form"]],
        }

    def _check_may_return(self, user):
        """Nobody takes a client away from a colleague, or works one that is blacklisted."""
        if self._is_blacklisted():
            raise UserError(
                self.env._(
                    "%(client)s is blacklisted: nobody may work with them.",
                    client=self._client_name(),
                )
            )
        lead = self._present_leads()[self] or self.lead_id
        if lead and not lead.with_user(user).has_access("write") and lead.user_id.active:
            raise UserError(
                self.env._(
                    "%(manager)s works with %(client)s already. Talk to each other first.",
                    manager=lead.user_id.name,
                    client=self._client_name(),
                )
            )

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
        team = self._return_team()
        return self._second_try(team, self._manager_in(team, manager))

    def _manager_in(self, team, manager):
        """The manager, or, where the client goes to another team, who works it there."""
        if team == self.team_id or manager in team.member_ids:
            return manager
        own = self.partner_id.commercial_partner_id.user_id & team.member_ids
        return own or team.user_id.filtered("active") or team.member_ids[:1] or manager

    def _second_try(self, team, manager):
        lead = self.lead_id
        if lead.won_status == "lost" and team in (lead.team_id, self.team_id):
            lead.write({"user_id": manager.id, "team_id": team.id})
            lead.action_restore()
        else:
            lead = self.env["crm.lead"].create(self._second_try_values(team, manager))
        self._returned({self: lead})
        return lead

    def _second_try_values(self, team, manager):
        former = self.lead_id
        company = former.company_id or team.company_id or self.company_id
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
            "company_id": company.id,
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
        return bool(client._first_sales(client, self.company_id))

    def _returned(self, leads):
        """Note that the client is worked again, and close what reminded of it.

        :param dict leads: opportunity of the second try, by refusal
        """
        for refusal, lead in leads.items():
            refusal.write({"returned_on": refusal._today(), "return_lead_id": lead.id})
        activities = self.return_activity_id.filtered("active")
        if activities:
            activities.with_context(is_no_contact=True).action_feedback(
                feedback=self.env._("The client is worked again.")
            )

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
                ("id", "in", (self.lead_id | self.return_lead_id).ids),
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
                or refusal.return_lead_id & in_work
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
            self.lead_id.user_id,
            self.user_id,
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

    def _is_blacklisted(self):
        return bool(self.partner_id._sales_blacklisted())

    @api.model
    def _not_blacklisted_domain(self):
        """Refusals of clients who may be worked with."""
        return Domain("partner_id", "=", False) | (
            Domain("partner_id.is_sales_blacklisted", "=", False)
            & Domain("partner_id.commercial_partner_id.is_sales_blacklisted", "=", False)
        )

    def _client_name(self):
        return self.partner_id.display_name or self.lead_name or self.env._("the client")

    def _today(self):
        return (self.company_id or self.env.company)._funnel_today()
