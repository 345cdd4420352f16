from collections import defaultdict
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

_BATCH = 200


class CrmLeadRefusal(models.Model):
    """The exchange of refusals: another manager of the same role gets a second try."""

    _inherit = "crm.lead.refusal"

    def action_exchange(self):
        """Propose to whom these refused clients could be handed.

        :return: the window of the proposal
        """
        if not self:
            raise UserError(self.env._("Choose the refusals to hand to other managers first."))
        exchange = self.env["crm.refusal.exchange"].create({})
        exchange._propose(self)
        return exchange._open()

    # -- who gets whom ------------------------------------------------------------------------

    def _exchangeable_domain(self):
        """Refusals of clients who may be tried by somebody else."""
        return (
            Domain("exchanged_to_id", "=", False)
            & Domain("returned_on", "=", False)
            & Domain("is_spam_or_duplicate", "=", False)
            & Domain("user_id", "!=", False)
            & Domain("team_id", "!=", False)
            & self._not_blacklisted_domain()
        )

    def _picked_by_rule(self, team, default_days=0):
        """Refusals of a team that its rule would hand on today.

        :param int default_days: counts where the team has no rule of its own
        """
        days = team.exchange_after_days or default_days
        latest = fields.Datetime.now() - timedelta(days=days)
        return self.search(
            self._exchangeable_domain()
            & Domain("team_id", "=", team.id)
            & Domain("lost_reason_id.is_exchangeable", "=", True)
            & Domain("is_reconstructed", "=", False)
            & Domain("refused_at", "<=", latest),
            order="refused_at, id",
        )

    def _rotation(self):
        """Propose a manager for each refusal: of the same role, and who had the fewest last.

        :return: user by refusal, without those that nobody can be found for
        """
        members = self.env["crm.team.member"].search(
            [("crm_team_id", "in", self.team_id.ids), ("user_id.active", "=", True)],
            order="id",
        )
        by_seat = defaultdict(self.env["res.users"].browse)
        for member in members:
            by_seat[member.crm_team_id, member.sales_role] |= member.user_id
        given = self._handed_lately(members.user_id)
        tried = self._tried()
        proposals = {}
        for refusal in self:
            candidates = (by_seat[refusal.team_id, refusal.sales_role] - tried[refusal]).filtered(
                lambda user, refusal=refusal: refusal.company_id in user.company_ids
            )
            if candidates:
                chosen = min(candidates, key=lambda user: (given[user], user.id))
                given[chosen] += 1
                proposals[refusal] = chosen
        return proposals

    def _handed_lately(self, users):
        """How many refusals each manager was handed in the last four weeks."""
        since = fields.Date.today() - timedelta(weeks=4)
        given = defaultdict(int)
        given.update(
            self._read_group(
                [("exchanged_to_id", "in", users.ids), ("exchanged_on", ">=", since)],
                ["exchanged_to_id"],
                ["__count"],
            )
        )
        return given

    def _tried(self):
        """Managers whom each client has refused already, by refusal."""
        tried = defaultdict(self.env["res.users"].browse)
        for refusal in self._of_same_clients():
            for key in (refusal._client_key(), refusal.lead_id):
                tried[key] |= refusal.user_id
        return {
            refusal: tried[refusal._client_key()]
            | (tried[refusal.lead_id] if refusal.lead_id else refusal.user_id)
            for refusal in self
        }

    # -- handing over -------------------------------------------------------------------------

    def _hand_over(self, managers):
        """Let others try the clients again.

        :param dict managers: the user who is to try, by refusal
        :raise UserError: where the client refused this manager, or nobody else may try it
        """
        tried, worked = self._tried(), self._present_leads()
        for refusal, user in managers.items():
            refusal._check_may_be_handed(user, tried[refusal], worked[refusal])
        plans = []
        for refusal, user in managers.items():
            lead = refusal._second_try(refusal.team_id, user)
            refusal.write({"exchanged_to_id": user.id, "exchanged_on": refusal._today()})
            plans.append((refusal, lead, user, refusal._today()))
        self._schedule(plans, self.env._("Second try with the client"))

    def _check_may_be_handed(self, user, tried, worked):
        client = self._client_name()
        if self.exchanged_to_id:
            problem = self.env._(
                "%(client)s was handed to %(manager)s already.",
                client=client,
                manager=self.exchanged_to_id.name,
            )
        elif self._is_blacklisted():
            problem = self.env._(
                "%(client)s is blacklisted: nobody may work with them.", client=client
            )
        elif worked:
            problem = self.env._(
                "%(manager)s works with %(client)s already.",
                client=client,
                manager=worked.user_id.name or self.env._("Another team"),
            )
        elif not self._is_colleague(user):
            problem = self.env._(
                "%(manager)s has not the role of the one who was refused in %(team)s, or not the "
                "company. Choose a colleague of the same role.",
                manager=user.name,
                team=self.team_id.name,
            )
        elif user in tried:
            problem = self.env._(
                "%(client)s has refused %(manager)s already. Choose another manager.",
                client=client,
                manager=user.name,
            )
        else:
            return
        raise UserError(problem)

    def _is_colleague(self, user):
        """Whether the user works in the refusal's team, in the same role and company."""
        members = self.team_id.crm_team_member_ids.filtered("active")
        return (
            user.active
            and self.company_id in user.company_ids
            and any(
                member.user_id == user and member.sales_role == self.sales_role
                for member in members
            )
        )

    @api.model
    def _cron_exchange(self):
        """Nightly: hand on what the teams' rules pick. Can be resumed."""
        cron = self.env["ir.cron"]
        teams = self.env["crm.team"].search([("exchange_after_days", ">", 0)])
        for team in teams:
            picked = self._picked_by_rule(team)
            for start in range(0, len(picked), _BATCH):
                batch = picked[start : start + _BATCH]
                self._stepping_over(batch, lambda some: some._hand_over(some._free()._rotation()))
                remaining = len(picked) - start - len(batch)
                if not cron._commit_progress(len(batch), remaining=remaining):
                    return

    def _free(self):
        """Refusals of clients nobody works now, if the client has refused nobody since."""
        worked = self._present_leads()
        latest = {}
        for refusal in self._of_same_clients().sorted(lambda each: (each.refused_at, each.id)):
            latest[refusal._client_key()] = refusal
        return self.filtered(
            lambda refusal: not worked[refusal] and latest[refusal._client_key()] == refusal
        )

    def _client_key(self):
        return self.partner_id.commercial_partner_id or self.lead_id or self

    def _of_same_clients(self):
        """All refusals of these clients."""
        clients = self.partner_id.commercial_partner_id
        return self | self.search(
            Domain("partner_id.commercial_partner_id", "in", clients.ids)
            | Domain("lead_id", "in", self.lead_id.ids)
        )
