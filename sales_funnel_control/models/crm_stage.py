from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL, ormcache

from ..tools.stays import Funnel

_FUNNEL_FIELDS = {"sequence", "name", "team_ids", "is_won"}


class CrmStage(models.Model):
    _inherit = "crm.stage"

    target_rate = fields.Float(
        "Target Conversion, %",
        default=lambda self: self._default_target_rate(),
        help="How many of a hundred clients in the stage before should come into this one. "
        "0 means that no target is set. Changing it counts from today on: "
        "what applied until yesterday is kept among the target overrides.",
    )
    target_set_by_id = fields.Many2one(
        "res.users", "Target Approved by", readonly=True, prefetch="funnel"
    )
    target_set_on = fields.Datetime("Target Approved On", readonly=True, prefetch="funnel")
    work_block = fields.Selection(
        [
            ("1", "1. Cold work"),
            ("2", "2. Repeated negotiations"),
            ("3", "3. Closing, contract and payment"),
        ],
        help="Cold work may be given to trainees; in the closing block the head of sales can join.",
    )
    normal_days = fields.Integer(
        help="How long a client normally ripens on this stage, in days. 0 means not set.",
    )

    script = fields.Html(
        translate=True,
        help="What to say and to do on this stage. Shown to the manager on the opportunity.",
        prefetch="funnel",
    )

    _target_rate_range = models.Constraint(
        "CHECK (target_rate >= 0 AND target_rate <= 100)",
        "A target conversion is between 0 and 100 per cent.",
    )

    def _default_target_rate(self):
        parameters = self.env["ir.config_parameter"].sudo()
        return float(parameters.get_param("sales_funnel_control.default_target_rate") or 0)

    # -- ORM ----------------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        self.env["crm.lead.stage.history"].sudo()._catch_up()
        stages = super().create(vals_list)
        stages.filtered("target_rate")._sign_target()
        self._funnels_changed()
        return stages

    def write(self, vals):
        if _FUNNEL_FIELDS & set(vals):
            self.env["crm.lead.stage.history"].sudo()._catch_up()
        retargeted = self.filtered(
            lambda stage: "target_rate" in vals and stage.target_rate != vals["target_rate"]
        )
        previous = {stage: stage.target_rate for stage in retargeted}
        result = super().write(vals)
        if retargeted:
            retargeted._keep_former_targets(previous)
            retargeted._sign_target()
            self.env["crm.lead.stage.history"].sudo()._refresh_targets(retargeted)
        if "normal_days" in vals:
            self._forget_funnels()
        if _FUNNEL_FIELDS & set(vals):
            self._funnels_changed(self if "is_won" in vals else self.browse())
        return result

    def unlink(self):
        """Take the stages out of the funnels, and the passages into them out of the ledger."""
        history = self.env["crm.lead.stage.history"].sudo()
        history._catch_up()
        lead_ids = history._bypass_stages(self)
        result = super().unlink()
        self._forget_funnels()
        history._derive(lead_ids)
        return result

    def _sign_target(self):
        self.write({"target_set_by_id": self.env.uid, "target_set_on": fields.Datetime.now()})

    def _keep_former_targets(self, previous):
        """Keep, for the weeks gone by, the target that applied until yesterday."""
        company = self.env.company
        today = company._funnel_today()
        former = {
            stage: rate
            for stage, rate in previous.items()
            if rate
            and (not stage.target_set_on or company._funnel_date(stage.target_set_on) < today)
        }
        self.env["crm.stage.target"].sudo()._keep_former(former, today - timedelta(days=1))

    # -- the funnel ---------------------------------------------------------------------------

    @api.model
    def _funnel(self, team_id):
        """The :class:`Funnel` of a team (or of leads without one)."""
        return self._funnels().get(team_id or 0) or self._funnels()[0]

    @api.model
    @ormcache()
    def _funnels(self):
        """Every team's funnel, by team id; 0 is the funnel of leads that have no team.

        Stages stand in the order of the pipeline. Names break ties in their source language, so
        that the order is one for all readers.
        """
        self.flush_model()
        self.env["crm.team"].flush_model(["has_own_funnel"])
        rows = self.env.execute_query(
            SQL(
                """
                  SELECT team.id,
                         stage.id,
                         owner.crm_team_id IS NOT NULL
                         OR NOT team.has_own_funnel AND NOT EXISTS (
                            SELECT FROM crm_stage_crm_team_rel other
                             WHERE other.crm_stage_id = stage.id
                         ) AS is_member,
                         COALESCE(stage.is_won, FALSE)
                    FROM (
                          SELECT id, COALESCE(has_own_funnel, FALSE) AS has_own_funnel
                            FROM crm_team
                           UNION ALL
                          SELECT 0, FALSE
                         ) team
              CROSS JOIN crm_stage stage
               LEFT JOIN crm_stage_crm_team_rel owner
                      ON owner.crm_stage_id = stage.id AND owner.crm_team_id = team.id
                ORDER BY team.id, stage.sequence, stage.name->>'en_US', stage.id
                """
            )
        )
        stages_by_team = {0: []}
        for team_id, *stage in rows:
            stages_by_team.setdefault(team_id, []).append(stage)
        return {team_id: Funnel.build(stages) for team_id, stages in stages_by_team.items()}

    @api.model
    @ormcache()
    def _won_stage_ids(self):
        return frozenset(
            step.stage_id
            for funnel in self._funnels().values()
            for step in funnel.steps.values()
            if step.is_won
        )

    @api.model
    def _steps(self):
        """``(team id or 0, stage id, rank, next stage id, is on the way)`` of every funnel."""
        return [
            (
                team_id,
                step.stage_id,
                step.rank,
                funnel.next_stage(step.stage_id),
                bool(step.is_member and step.rank and not step.is_won),
            )
            for team_id, funnel in self._funnels().items()
            for step in funnel.steps.values()
        ]

    @api.model
    def _forget_funnels(self):
        self.env.registry.clear_cache()

    @api.model
    def _funnels_changed(self, rewon=None):
        """Let the ledger follow a change of the funnels.

        :param rewon: stages that became won, or are no longer
        """
        self._forget_funnels()
        self.env["crm.lead.stage.history"].sudo()._refresh_next_stages(rewon or self.browse())
