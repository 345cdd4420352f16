from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .crm_lead_refusal import DETAILS

# What makes a lead lost, or takes away why.
_LOSING_FIELDS = {"active", "probability", "lost_reason_id", "stage_id", "type"}
_NAMED = 3


class CrmLead(models.Model):
    """No refusal without a reason, and what is known of the lead's refusals."""

    _inherit = "crm.lead"

    # A copy was refused by nobody yet.
    lost_reason_id = fields.Many2one(copy=False)
    refusal_ids = fields.One2many("crm.lead.refusal", "lead_id", readonly=True)
    refusal_count = fields.Integer(compute="_compute_refusal_count")
    stage_script = fields.Html(related="stage_id.script", string="Script")
    objection_ids = fields.Many2many(
        "crm.objection", compute="_compute_objection_ids", string="Playbook"
    )

    # -- computes -----------------------------------------------------------------------------

    @api.depends("refusal_ids")
    def _compute_refusal_count(self):
        counts = dict(
            self.env["crm.lead.refusal"]._read_group(
                [("lead_id", "in", self.ids)], ["lead_id"], ["__count"]
            )
        )
        for lead in self:
            lead.refusal_count = counts.get(lead._origin, 0)

    @api.depends("stage_id")
    def _compute_objection_ids(self):
        for stage, leads in self.grouped("stage_id").items():
            leads.objection_ids = self.env["crm.objection"]._heard_on(stage)

    # -- ORM ----------------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        leads = super().create(vals_list)
        leads.filtered(lambda lead: not lead.active)._check_refusal_reason()
        return leads

    def write(self, vals):
        if _LOSING_FIELDS.isdisjoint(vals):
            return super().write(vals)
        lost = self.filtered(lambda lead: lead.won_status == "lost")
        with_reason = lost.filtered("lost_reason_id")
        result = super().write(vals)
        # A lead that becomes an opportunity was lost without a reason until now, maybe.
        (self if "type" in vals else self - lost | with_reason)._check_refusal_reason()
        reopened = with_reason.filtered("active")
        if reopened and "lost_reason_id" not in vals:
            # Else the reason would do for the next refusal as well.
            reopened.write({"lost_reason_id": False})
        return result

    def _check_refusal_reason(self):
        """Refuse to lose a lead without saying why.

        :raise ValidationError: naming the leads and what to do
        """
        silent = self.filtered(
            lambda lead: not lead.active and not lead.lost_reason_id and lead.won_status == "lost"
        )
        silent = silent and silent._needing_refusal_reason()
        if silent:
            raise ValidationError(silent._refusal_reason_message())

    def _needing_refusal_reason(self):
        """Those of the leads that cannot be lost without a reason."""
        if self.env["crm.lead.refusal"]._is_enforcement_off():
            return self.browse()
        mere_leads = self.filtered(lambda lead: lead.type != "opportunity")
        if mere_leads:
            # Those that were opportunities are on the ledger, and come to the register.
            stays = self.env["crm.lead.stage.history"].sudo()
            mere_leads -= stays.search([("lead_id", "in", mere_leads.ids)]).lead_id
        return self.filtered(
            lambda lead: (
                (company := lead.company_id or self.env.company).refusal_reason_required
                and (lead not in mere_leads or company.refusal_reason_for_leads)
            )
        )

    def _refusal_reason_message(self):
        names = ", ".join(lead.display_name or "" for lead in self[:_NAMED])
        if len(self) > _NAMED:
            names = self.env._(
                "%(names)s and %(count)s more", names=names, count=len(self) - _NAMED
            )
        unstated = self.env["crm.lost.reason"]._unstated()
        if not unstated.active:
            return self.env._(
                "Why did the client refuse? Nothing is lost without a reason: %(names)s.\n"
                "Press “Lost” and choose one, or give it as lost_reason_id.",
                names=names,
            )
        return self.env._(
            "Why did the client refuse? Nothing is lost without a reason: %(names)s.\n"
            "Press “Lost” and choose one, or give it as lost_reason_id. "
            "Imports and automation that do not know it yet state “%(unstated)s”.",
            names=names,
            unstated=unstated.name,
        )

    # -- actions ------------------------------------------------------------------------------

    def action_set_lost(self, **additional_values):
        """Lose the leads.

        :param additional_values: values of the lead, ``lost_reason_id`` above all; and of the
            refusal: ``words`` (the client's), ``real_cause`` (what would make the client switch:
            ``cheaper``, ``quality``, ``assortment``, ``delivery``, ``other``), ``competitor_id``,
            ``offer`` and ``offer_on`` (date), ``return_on`` (date)
        :raise ValidationError: where a reason is needed and not given
        """
        details = {
            name: additional_values.pop(name)
            for name in DETAILS - {"lost_reason_id"}
            if name in additional_values
        }
        if not additional_values.get("lost_reason_id"):
            silent = self.filtered(
                lambda lead: not (lead.won_status == "lost" and lead.lost_reason_id)
            )._needing_refusal_reason()
            if silent:
                raise ValidationError(silent._refusal_reason_message())
        else:
            # Archiving is enough to lose these: the reason has to be there before.
            self.filtered(lambda lead: lead.active and not lead.probability).write(
                {"lost_reason_id": additional_values["lost_reason_id"]}
            )
        lost_now = self.filtered(lambda lead: lead.won_status != "lost")
        result = super().action_set_lost(**additional_values)
        if details:
            lost_now.sudo()._latest_refusal().write(details)
        return result

    def action_return_to_client(self):
        """Work the client again who refused."""
        self.ensure_one()
        refusal = self._latest_refusal()
        if not refusal:
            self.action_restore()
            return None
        return refusal.action_return()

    def action_open_refusals(self):
        """Open the refusals of the lead."""
        self.ensure_one()
        return {
            **self.env["ir.actions.act_window"]._for_xml_id(
                "sales_funnel_control.crm_lead_refusal_action"
            ),
            "domain": [("lead_id", "=", self.id)],
            "context": {},
        }

    def _latest_refusal(self):
        """The latest refusal of each of the leads."""
        refusals = self.env["crm.lead.refusal"].search(
            [("lead_id", "in", self.ids)], order="refused_at, id"
        )
        return refusals.browse({r.lead_id.id: r.id for r in refusals}.values())
