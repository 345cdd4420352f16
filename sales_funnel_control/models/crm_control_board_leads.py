from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..tools.outside import as_id


class CrmControlBoard(models.AbstractModel):
    """The opportunities behind the board's figures."""

    _inherit = "crm.control.board"

    @api.model
    @api.readonly
    def get_entries_action(
        self, transition_id, options=None, user_id=None, sales_role=None, outcome=None
    ):
        """Window action on the opportunities that a rate of the board counts.

        :param int transition_id: stage that the transition leads into
        :param dict options: the arguments of :meth:`get_board`
        :param user_id: the manager, False for nobody, None for the whole team
        :param str sales_role: role the manager had, with ``user_id``
        :param str outcome: ``stuck`` for those that did not advance, ``advanced`` for the others
        :rtype: dict
        :raise UserError: where an argument makes no sense
        """
        request = self._board_request(options)
        stage = self._existing("crm.stage", transition_id)
        domain = self._entries_domain(request, user_id, sales_role, transition_id)
        if request.mature_only:
            domain &= self._mature_domain(request.team)
        if outcome:
            domain &= Domain("reached_next", "=", outcome == "advanced")
        return self._leads_action(
            self.env._("Transition into %(stage)s", stage=stage.name),
            Domain("stage_history_ids", "any", domain),
        )

    @api.model
    @api.readonly
    def get_standing_action(self, stage_id, team_id=None, role=None, lacking=None):
        """Window action on the opportunities that stand on a stage now.

        :param int stage_id: the stage; None for every stage that is not won
        :param str lacking: ``next_step``, ``time`` or ``cycle``: those without a next step, those
            there longer than normal, or those past the normal cycle
        :rtype: dict
        :raise UserError: where an argument makes no sense
        """
        request = self._board_request({"team_id": team_id, "role": role})
        stay = Domain("left_at", "=", False) & Domain("team_id", "=", request.team.id)
        if request.role:
            stay &= Domain("sales_role", "=", request.role)
        stages = self._existing("crm.stage", stage_id) if stage_id else self._open_stages(request)
        stay &= Domain("stage_id", "in", stages.ids)
        if lacking == "time":
            now = fields.Datetime.now()
            normal_days = self._normal_days()
            stay &= Domain.OR(
                Domain("stage_id", "=", stage.id)
                & Domain("entered_at", "<", now - timedelta(days=normal_days[stage.id]))
                for stage in stages
            )
        domain = Domain("stage_history_ids", "any", stay)
        if lacking == "next_step":
            domain &= Domain("next_step_state", "=", "none")
        if lacking == "cycle":
            domain &= Domain("is_over_cycle", "=", True)
        title = {
            "next_step": self.env._("Without a Next Step"),
            "time": self.env._("Longer than Normal on the Stage"),
            "cycle": self.env._("Past the Normal Cycle"),
        }.get(lacking) or self.env._("Clients in Work")
        return self._leads_action(title, domain)

    @api.model
    @api.readonly
    def get_refusals_action(self, options=None, reason_id=None, to_review=False):
        """Window action on the refusals of the period.

        :param dict options: the arguments of :meth:`get_board`
        :param reason_id: lost reason, False for none given, None for all reasons
        :param bool to_review: only those that wait for a ruling
        :rtype: dict
        :raise UserError: where an argument makes no sense
        """
        request = self._board_request(options)
        Refusal = self.env["crm.lead.refusal"]
        domain = self._refusals_domain(request)
        if to_review:
            domain &= Refusal._unreviewed_domain()
        if reason_id:
            domain &= Domain("lost_reason_id", "=", self._existing("crm.lost.reason", reason_id).id)
        elif reason_id is not None:
            domain &= Domain("lost_reason_id", "=", False)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Refusals to Review") if to_review else self.env._("Refusals"),
            "res_model": "crm.lead.refusal",
            "views": [[False, "list"], [False, "kanban"], [False, "form"]],
            "domain": list(domain),
        }

    @api.model
    @api.readonly
    def get_plan_action(self, user_id, summary):
        """Window action on a new activity with a manager, on his or her own contact.

        :param int user_id: the manager
        :param str summary: what is planned
        :rtype: dict
        :raise UserError: where there is no such user
        """
        user = self._existing("res.users", user_id)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Plan with %(manager)s", manager=user.name),
            "res_model": "mail.activity",
            "views": [[self.env.ref("mail.mail_activity_view_form_popup").id, "form"]],
            "target": "new",
            "context": {
                "default_res_model": "res.partner",
                "default_res_id": user.partner_id.id,
                "default_user_id": user.id,
                "default_summary": summary,
                "planned_activity": {"user_id": user.id, "summary": summary},
            },
        }

    def _existing(self, model, record_id):
        record = self.env[model].browse(as_id(record_id))
        if not record.exists():
            raise UserError(
                self.env._("What this figure is about is no longer there. Reload the board.")
            )
        return record

    def _open_stages(self, request):
        funnel = self.env["crm.stage"]._funnel(request.team.id)
        return self.env["crm.stage"].browse(
            [step.stage_id for step in funnel.steps.values() if not step.is_won]
        )

    def _mature_domain(self, team):
        """Domain on the ledger: entries that have had the time to advance."""
        now = fields.Datetime.now()
        horizons = self._horizons(team)
        known = Domain.OR(
            Domain("stage_id", "=", stage_id)
            & Domain("entered_at", "<", now - timedelta(days=days))
            for stage_id, days in horizons.items()
        )
        unknown = Domain("stage_id", "not in", list(horizons)) & Domain(
            "entered_at", "<", now - timedelta(days=self._default_normal_days())
        )
        return known | unknown

    def _leads_action(self, name, domain):
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": "crm.lead",
            "views": [[False, "list"], [False, "kanban"], [False, "form"]],
            "domain": list(domain),
            "context": {"active_test": False, "default_type": "opportunity"},
            "help": self.env._("No opportunity is behind this figure any more."),
        }

    def _entries_domain(self, request, user_id, sales_role, transition_id):
        """Domain on the ledger of the entries that a cell counts, but for their maturity."""
        domain = self._period_domain(request, "entered_at", request.date_from, request.date_to)
        domain &= Domain("is_cohort", "=", True)
        domain &= Domain("exit", "!=", "transferred")
        domain &= Domain("next_stage_id", "=", transition_id)
        domain &= Domain("lost_reason_id", "=", False) | Domain(
            "lost_reason_id.is_spam_or_duplicate", "=", False
        )
        if user_id is not None:
            domain &= Domain("user_id", "=", user_id) & Domain("sales_role", "=", sales_role)
        return domain
