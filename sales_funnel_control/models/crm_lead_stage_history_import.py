from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError

from .crm_lead_stage_history import IMPORTING

_IMPORTED = {"lead_id", "stage_id", "user_id", "team_id", "entered_at", "left_at"}


class _Known(NamedTuple):
    """What the rows of a file are checked against and completed from, read once for all."""

    leads: models.Model
    recorded: dict
    members: dict


class CrmLeadStageHistory(models.Model):
    """Import of stays from another CRM, through Odoo's own import. Administrators only.

    Imported stays are a lead's history up to the moment the ledger began to record it; what the
    ledger recorded then is joined to them. A file is taken as a whole or not at all.
    """

    _inherit = "crm.lead.stage.history"

    @api.model
    def load(self, fields, data):
        """Import stays: opportunity, stage, manager, entered, left (empty: still there).

        :raise AccessError: for all but administrators
        """
        if not self.env.user.has_group("base.group_system"):
            raise AccessError(self.env._("Only an administrator imports stays."))
        importer = self.with_context(importing_stays=IMPORTING)
        try:
            with self.env.cr.savepoint():
                result = super(CrmLeadStageHistory, importer).load(fields, data)
                if result["ids"]:
                    importer.sudo()._join_imported(result["ids"])
        except ValidationError as error:
            return {
                "ids": False,
                "messages": [
                    {"type": "error", "message": str(error), "rows": {"from": 0, "to": 0}}
                ],
                "nextrow": 0,
            }
        # Of several stages with one name, that of the opportunity's funnel was taken.
        result["messages"] = [
            message
            for message in result["messages"]
            if message["type"] == "error" or message.get("field") != "stage_id"
        ]
        return result

    @api.model
    def get_import_templates(self):
        return [
            {
                "label": self.env._("Import Template for Stays"),
                "template": "/sales_funnel_control/static/xls/stays.csv",
            }
        ]

    @api.model_create_multi
    def create(self, vals_list):
        if self.env.context.get("importing_stays") is IMPORTING:
            vals_list = self._prepare_imported(vals_list)
        return super().create(vals_list)

    # -- before: one row at a time ------------------------------------------------------------

    def _prepare_imported(self, vals_list):
        """Check rows of a file and complete them.

        :raise ValidationError: naming the opportunity and what to change
        """
        leads = self.env["crm.lead"].browse(
            {vals.get("lead_id") for vals in vals_list if vals.get("lead_id")}
        )
        known = _Known(leads, self._first_recorded(leads), self._members())
        return [self._complete_imported(vals, known) for vals in vals_list]

    def _first_recorded(self, leads):
        """The stay with which the ledger began to record each lead, by lead id."""
        stays = self.sudo().search(
            [("lead_id", "in", leads.ids), ("origin", "!=", "skipped")],
            order="entered_at, left_at, id",
        )
        first = {}
        for stay in stays:
            first.setdefault(stay.lead_id.id, stay)
        return first

    def _members(self):
        """Team members by team id and user id."""
        members = self.env["crm.team.member"].search([("active", "=", True)])
        return {(each.crm_team_id.id, each.user_id.id): each for each in reversed(members)}

    def _complete_imported(self, vals, known):
        unknown = set(vals) - _IMPORTED
        if unknown:
            raise ValidationError(
                self.env._(
                    "These columns cannot be imported: %(columns)s. "
                    "The system derives them from the stays.",
                    columns=", ".join(sorted(unknown)),
                )
            )
        if not vals.get("lead_id") or not vals.get("stage_id") or not vals.get("entered_at"):
            raise ValidationError(
                self.env._("A stay needs an opportunity, a stage and the time it was entered.")
            )
        lead = self.env["crm.lead"].browse(vals["lead_id"]).with_prefetch(known.leads.ids)
        if lead.type != "opportunity":
            raise ValidationError(
                self.env._(
                    "“%(lead)s” is a lead: only opportunities have stays. Convert it first.",
                    lead=lead.display_name,
                )
            )
        vals = {**vals, "stage_id": self._stage_in_funnel(lead, vals["stage_id"]).id}
        entered_at = fields.Datetime.to_datetime(vals["entered_at"])
        left_at = fields.Datetime.to_datetime(vals.get("left_at") or False)
        first = known.recorded.get(lead.id)
        if left_at and left_at < entered_at:
            raise ValidationError(
                self.env._(
                    "The stay of “%(lead)s” in %(stage)s ends before it begins.",
                    lead=lead.display_name,
                    stage=self.env["crm.stage"].browse(vals["stage_id"]).display_name,
                )
            )
        if not left_at:
            self._check_open(lead, vals, first)
            left_at = first.entered_at
        end = first.entered_at if first else fields.Datetime.now()
        if max(entered_at, left_at) > end:
            raise ValidationError(
                self.env._(
                    "The stay of “%(lead)s” in %(stage)s reaches beyond %(moment)s (UTC), "
                    "from when on the system itself has recorded the opportunity. "
                    "Correct its times, or leave it out.",
                    lead=lead.display_name,
                    stage=self.env["crm.stage"].browse(vals["stage_id"]).display_name,
                    moment=end,
                )
            )
        team = self.env["crm.team"].browse(vals["team_id"]) if "team_id" in vals else lead.team_id
        user = self.env["res.users"].browse(vals.get("user_id"))
        company = lead.company_id or team.company_id or user.company_id or self.env.company
        member = known.members.get((team.id, user.id), self.env["crm.team.member"])
        funnel = self.env["crm.stage"]._funnel(team.id)
        return {
            **vals,
            "team_id": team.id,
            "left_at": left_at,
            "next_stage_id": funnel.next_stage(vals["stage_id"]),
            "sales_role": member.sales_role,
            "grade": member.grade,
            "company_id": company.id,
            "currency_id": company.currency_id.id,
            "amount": lead.expected_revenue,
            "lead_class": lead.lead_class,
            "source_id": lead.source_id.id,
            "campaign_id": lead.campaign_id.id,
            "country_id": lead.country_id.id,
            "state_id": lead.state_id.id,
            "week_start": entered_at.date(),
            "origin": "created",
            "exit": "withdrawn",
            "is_skipped": False,
        }

    def _stage_in_funnel(self, lead, stage_id):
        """The stage a file means: of several with one name, that of the opportunity's funnel."""
        stage = self.env["crm.stage"].browse(stage_id)
        funnel = self.env["crm.stage"]._funnel(lead.team_id.id)
        if funnel.steps[stage_id].is_member:
            return stage
        namesakes = self.env["crm.stage"].search([("name", "=", stage.name)])
        return namesakes.filtered(lambda other: funnel.steps[other.id].is_member)[:1] or stage

    def _check_open(self, lead, vals, first):
        """A stay without an end must be the one the lead is in now."""
        mirrors = (
            first
            and first.left_at is False
            and first.stage_id.id == vals["stage_id"]
            and first.user_id.id == (vals.get("user_id") or False)
        )
        if not mirrors:
            raise ValidationError(
                self.env._(
                    "The stay of “%(lead)s” in %(stage)s has no end, but the opportunity is now "
                    "in %(present)s under %(manager)s. Give the stay an end.",
                    lead=lead.display_name,
                    stage=self.env["crm.stage"].browse(vals["stage_id"]).display_name,
                    present=lead.stage_id.display_name or "–",
                    manager=lead.user_id.display_name or "–",
                )
            )
