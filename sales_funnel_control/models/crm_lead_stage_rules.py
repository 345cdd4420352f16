from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import clean_context

MATERIAL_STAGE = "sales_funnel_control_material_stage"


class CrmLead(models.Model):
    """What the stage asks for: activities done and not done, and the material the client gets."""

    _inherit = "crm.lead"

    stage_rule_activity_ids = fields.Many2many(
        "mail.activity",
        compute="_compute_stage_rule_activity_ids",
        context={"active_test": False},
        string="Rules of the Stage",
        help="What the plan of the present stage asks for, done and not done.",
    )
    stage_material_ids = fields.Many2many(related="stage_id.material_ids", string="Material")
    stage_has_material = fields.Boolean(compute="_compute_stage_has_material")
    material_sent_at = fields.Datetime(
        "Material Sent",
        compute="_compute_material_sent_at",
        help="When the material of the present stage was last sent to the client.",
    )

    # -- computes -----------------------------------------------------------------------------

    @api.depends("stage_id", "activity_ids")
    def _compute_stage_rule_activity_ids(self):
        activities = self.env["mail.activity"].with_context(active_test=False)
        found = activities.search(
            [
                ("res_model", "=", "crm.lead"),
                ("res_id", "in", self.ids),
                ("rule_stage_id", "in", self.stage_id.ids),
            ],
            order="date_deadline, id",
        )
        for lead in self:
            lead.stage_rule_activity_ids = found.filtered(
                lambda activity, lead=lead: (
                    activity.res_id == lead._origin.id and activity.rule_stage_id == lead.stage_id
                )
            )

    @api.depends("stage_id")
    def _compute_stage_has_material(self):
        for lead in self:
            stage = lead.stage_id
            lead.stage_has_material = bool(stage.material_ids or stage.material_template_id)

    @api.depends("stage_id")
    def _compute_material_sent_at(self):
        sent = {
            (lead, stage): moment
            for lead, stage, moment in self.env["crm.contact.log"]
            .sudo()
            ._read_group(
                [("lead_id", "in", self.ids), ("material_stage_id", "in", self.stage_id.ids)],
                ["lead_id", "material_stage_id"],
                ["date:max"],
            )
        }
        for lead in self:
            lead.material_sent_at = sent.get((lead._origin, lead.stage_id), False)

    # -- actions ------------------------------------------------------------------------------

    def action_send_material(self):
        """Compose the mail with the material of the present stage.

        :raise UserError: where the stage has no material, or the client no address
        """
        self.ensure_one()
        stage = self.stage_id
        if not self.stage_has_material:
            raise UserError(
                self.env._(
                    "The stage “%(stage)s” has no material to send. "
                    "Sales administrators add it to the stage.",
                    stage=stage.name,
                )
            )
        template = stage.material_template_id
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Send Material"),
            "res_model": "mail.compose.message",
            "view_mode": "form",
            "target": "new",
            "context": {
                "default_model": "crm.lead",
                "default_res_ids": self.ids,
                "default_composition_mode": "comment",
                "default_template_id": template.id,
                **({} if template else {"default_subject": self._material_subject()}),
                "default_partner_ids": self._material_recipient().ids,
                "default_attachment_ids": (stage.material_ids | template.attachment_ids).ids,
                "default_subtype_xmlid": "mail.mt_comment",
                "default_email_layout_xmlid": "mail.mail_notification_light",
                MATERIAL_STAGE: stage.id,
            },
        }

    def _material_subject(self):
        return self.env._("Material on “%(lead)s”", lead=self.name)

    def _material_recipient(self):
        """The client, made a contact of its own where only its address is known."""
        partner = self.partner_id
        if not partner and self.email_from:
            partner = self._partner_find_from_emails_single([self.email_from])
        if not partner.email:
            raise UserError(
                self.env._(
                    "Where is the material to go? Give the opportunity a client with an e-mail "
                    "address first."
                )
            )
        return partner

    # -- what was sent ------------------------------------------------------------------------

    def _message_post_after_hook(self, message, msg_vals):
        result = super()._message_post_after_hook(message, msg_vals)
        stage_id = self.env.context.get(MATERIAL_STAGE)
        if stage_id and message.message_type == "comment" and message.partner_ids:
            self._log_material(message, self.env["crm.stage"].browse(stage_id).exists())
        return result

    def _log_material(self, message, stage):
        """Sending material is a contact with who got it, and does that step of the stage's plan."""
        files = ", ".join(message.attachment_ids.mapped("name")) or message.subject or stage.name
        logs = self.env["crm.contact.log"].sudo().with_context(clean_context(self.env.context))
        receivers = message.partner_ids.filtered("partner_share") or message.partner_ids
        client = self.partner_id.commercial_partner_id
        receivers = receivers.sorted(
            lambda partner: (partner.commercial_partner_id != client, partner.is_company)
        )
        logs.create(
            {
                "kind": "material",
                "lead_id": self.id,
                "contact_id": receivers[:1].id,
                "user_id": self.env.uid,
                "date": message.date,
                "is_in_person": False,
                "result": self.env._("Sent: %(files)s", files=files),
                "sent_message_id": message.id,
                "material_stage_id": stage.id,
                "activity_id": self._material_step(stage).id,
            }
        )

    def _material_step(self, stage):
        """What the user was to send by the stage's plan, the first where there are several."""
        return (
            self.env["mail.activity"]
            .sudo()
            .search(
                [
                    ("res_model", "=", "crm.lead"),
                    ("res_id", "=", self.id),
                    ("rule_stage_id", "=", stage.id),
                    ("user_id", "=", self.env.uid),
                    ("activity_type_id.contact_kind", "=", "material"),
                ],
                order="date_deadline, id",
                limit=1,
            )
        )


class CrmContactLog(models.Model):
    """Material that was sent to a client."""

    _inherit = "crm.contact.log"

    sent_message_id = fields.Many2one(
        "mail.message", "Message Sent", readonly=True, ondelete="set null"
    )
    material_stage_id = fields.Many2one(
        "crm.stage",
        "Material of the Stage",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )

    _sent_message_uniq = models.UniqueIndex(
        "(sent_message_id) WHERE sent_message_id IS NOT NULL", "A message is logged once."
    )
