from datetime import date, timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Domain

from .crm_team_member import SALES_ROLES

_DAY = timedelta(days=1)
_STAMP = ("approver_id", "approved_on")
_TERMS = {
    "stage_id",
    "team_id",
    "sales_role",
    "user_id",
    "date_from",
    "date_to",
    "target_rate",
    "state",
    "active",
}


class CrmStageTarget(models.Model):
    """A target that differs from the stage's own: for a team, role, manager or period."""

    _name = "crm.stage.target"
    _description = "Conversion Target"
    _inherit = ["mail.thread"]
    _order = "stage_id, specificity desc, date_from desc, id desc"
    _rec_name = "stage_id"

    stage_id = fields.Many2one(
        "crm.stage",
        "Into Stage",
        required=True,
        ondelete="cascade",
        index=True,
        tracking=True,
        help="The transition is named by the stage it leads into.",
    )
    team_id = fields.Many2one("crm.team", "Sales Team", ondelete="cascade", tracking=True)
    sales_role = fields.Selection(SALES_ROLES, "Role", tracking=True)
    user_id = fields.Many2one(
        "res.users",
        "Manager",
        ondelete="cascade",
        domain="[('share', '=', False)]",
        tracking=True,
    )
    date_from = fields.Date("From", tracking=True, help="First day, empty: since ever.")
    date_to = fields.Date("To", tracking=True, help="Last day, empty: until further notice.")
    target_rate = fields.Float("Target, %", required=True, tracking=True, aggregator="avg")
    specificity = fields.Integer(
        compute="_compute_specificity",
        store=True,
        help="Where several targets fit, the one with the highest number wins: "
        "manager before role before team before all.",
    )
    state = fields.Selection(
        [("draft", "Draft"), ("approved", "Approved")],
        "Status",
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
        help="Only approved targets count.",
    )
    approver_id = fields.Many2one("res.users", "Approved by", readonly=True, copy=False)
    approved_on = fields.Datetime(readonly=True, copy=False)
    active = fields.Boolean(default=True, tracking=True)

    _target_rate_range = models.Constraint(
        "CHECK (target_rate > 0 AND target_rate <= 100)",
        "A target conversion is above 0 and at most 100 per cent.",
    )
    _dates_in_order = models.Constraint(
        "CHECK (date_to >= date_from)", "A target cannot end before it begins."
    )

    @api.depends("team_id", "sales_role", "user_id")
    def _compute_specificity(self):
        for target in self:
            target.specificity = (
                4 * bool(target.user_id) + 2 * bool(target.sales_role) + bool(target.team_id)
            )

    @api.depends("stage_id", "team_id", "sales_role", "user_id", "date_from", "date_to")
    def _compute_display_name(self):
        roles = dict(self._fields["sales_role"]._description_selection(self.env))
        for target in self:
            parts = [
                target.stage_id.display_name,
                target.team_id.display_name,
                roles.get(target.sales_role),
                target.user_id.display_name,
                target._period_label(),
            ]
            target.display_name = ", ".join(part for part in parts if part)

    def _period_label(self):
        if not self.date_from and not self.date_to:
            return ""
        return f"{self.date_from or '…'} – {self.date_to or '…'}"

    @api.constrains(
        "stage_id", "team_id", "sales_role", "user_id", "date_from", "date_to", "state", "active"
    )
    def _check_overlap(self):
        for target in self.filtered(lambda target: target.active and target.state == "approved"):
            other = self.search(target._overlapping_domain(), limit=1)
            if other:
                raise ValidationError(
                    self.env._(
                        "The target “%(target)s” overlaps the approved target “%(other)s” "
                        "(%(rate)s %%). Change the dates of one of them, or archive it.",
                        target=target.display_name,
                        other=other.display_name,
                        rate=other.target_rate,
                    )
                )

    def _overlapping_domain(self):
        self.ensure_one()
        domain = Domain(
            [
                ("id", "!=", self.id),
                ("state", "=", "approved"),
                ("stage_id", "=", self.stage_id.id),
                ("team_id", "=", self.team_id.id),
                ("sales_role", "=", self.sales_role),
                ("user_id", "=", self.user_id.id),
            ]
        )
        if self.date_to:
            domain &= Domain("date_from", "=", False) | Domain("date_from", "<=", self.date_to)
        if self.date_from:
            domain &= Domain("date_to", "=", False) | Domain("date_to", ">=", self.date_from)
        return domain

    # -- ORM ----------------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        if not self._may_approve():
            vals_list = [{**vals, "state": "draft"} for vals in vals_list]
        targets = super().create([self._without_stamp(vals) for vals in vals_list])
        targets.filtered(lambda target: not target.approver_id)._stamp()
        targets._apply(targets.stage_id)
        return targets

    def write(self, vals):
        if _TERMS & set(vals) and not self._may_approve():
            self._check_still_draft(vals)
        stages = self.stage_id
        result = super().write(self._without_stamp(vals))
        if _TERMS & set(vals):
            self._stamp()
            self._apply(stages | self.stage_id)
        return result

    def _without_stamp(self, vals):
        """Nobody says by hand who approved a target, and when."""
        if self.env.su:
            return vals
        return {name: value for name, value in vals.items() if name not in _STAMP}

    def _stamp(self):
        """Who lets targets count, or changes what counts, approves them as they are now."""
        approved = self.filtered(lambda target: target.state == "approved")
        for targets, values in (
            (approved, (self.env.uid, fields.Datetime.now())),
            (self - approved, (False, False)),
        ):
            if targets:
                targets.sudo().write(dict(zip(_STAMP, values, strict=True)))

    def unlink(self):
        if not self._may_approve():
            self._check_still_draft({})
        stages = self.stage_id
        result = super().unlink()
        self._apply(stages)
        return result

    def _apply(self, stages):
        self.env["crm.lead.stage.history"].sudo()._refresh_targets(stages)

    def _may_approve(self):
        return self.env.su or self.env.user.has_group("sales_team.group_sale_manager")

    def _check_still_draft(self, vals):
        if "state" in vals or any(target.state == "approved" for target in self):
            raise AccessError(
                self.env._(
                    "Only a sales manager approves targets or changes approved ones. "
                    "Draft a new target and ask for approval."
                )
            )

    # -- actions ------------------------------------------------------------------------------

    def action_approve(self):
        """Let the targets count from now on. Sales managers only."""
        return self.write({"state": "approved"})

    def action_draft(self):
        """Take the approval back: the targets no longer count."""
        return self.write({"state": "draft"})

    @api.model
    def _keep_former(self, rate_by_stage, last_day):
        """Record what a stage's own target was up to ``last_day``, where nothing else applied.

        :param dict rate_by_stage: former target in per cent, by stage
        :param date last_day: the last day it applied
        """
        self.create(
            [
                {
                    "stage_id": stage.id,
                    "target_rate": rate,
                    "date_from": date_from,
                    "date_to": date_to,
                    "state": "approved",
                    "approver_id": stage.target_set_by_id.id or self.env.uid,
                    "approved_on": stage.target_set_on or fields.Datetime.now(),
                }
                for stage, rate in rate_by_stage.items()
                for date_from, date_to in self._general_gaps(stage, last_day)
            ]
        )

    @api.model
    def _general_gaps(self, stage, last_day):
        """Spans up to a day in which no target for everybody applied: ``(first, last)``.

        The first is False where nothing applied before, either.
        """
        general = self.search(
            [
                ("stage_id", "=", stage.id),
                ("specificity", "=", 0),
                ("state", "=", "approved"),
            ]
        )
        gaps, begin = [], date.min
        for target in general.sorted(lambda target: target.date_from or date.min):
            first = target.date_from or date.min
            if first > last_day:
                break
            if first > begin:
                gaps.append((begin, first - _DAY))
            if not target.date_to or target.date_to >= last_day:
                begin = None
                break
            begin = max(begin, target.date_to + _DAY)
        if begin is not None:
            gaps.append((begin, last_day))
        return [(first != date.min and first, last) for first, last in gaps]
