from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

_MESSAGES = 10


class CrmLeadRefusal(models.Model):
    """The head of sales rules on refusals, one after the other."""

    _inherit = "crm.lead.refusal"

    stay_ids = fields.Many2many(
        "crm.lead.stage.history", compute="_compute_story_of_lead", string="Path"
    )
    partner_phone = fields.Char("Phone", compute="_compute_story_of_lead")
    partner_email = fields.Char("Email", compute="_compute_story_of_lead")
    other_refusal_ids = fields.Many2many(
        "crm.lead.refusal",
        compute="_compute_other_refusal_ids",
        string="Refused Before",
        help="The client's other refusals.",
    )
    lead_message_ids = fields.Many2many(
        "mail.message",
        compute="_compute_story_of_lead",
        string="Messages",
        help="The latest notes, mails and activities of the deal.",
    )
    may_rule = fields.Boolean(compute="_compute_may_rule")

    # -- computes -----------------------------------------------------------------------------

    @api.depends("partner_id")
    def _compute_other_refusal_ids(self):
        clients = self.sudo().partner_id.commercial_partner_id
        by_client = self.search([("partner_id.commercial_partner_id", "in", clients.ids)]).grouped(
            lambda refusal: refusal.sudo().partner_id.commercial_partner_id
        )
        for refusal in self:
            client = refusal.sudo().partner_id.commercial_partner_id
            refusal.other_refusal_ids = by_client.get(client, self.browse()) - refusal._origin

    @api.depends_context("uid")
    @api.depends("lead_id")
    def _compute_story_of_lead(self):
        """What the reader may see of the deal: a former manager may see nothing any more."""
        system_note = self.env.ref("mail.mt_note")
        leads = self.lead_id._filtered_access("read")
        stays = self.env["crm.lead.stage.history"].search([("lead_id", "in", self.lead_id.ids)])
        for refusal in self:
            lead = refusal.lead_id & leads
            refusal.stay_ids = stays.filtered(lambda stay, r=refusal: stay.lead_id == r.lead_id)
            refusal.partner_phone = lead.phone
            refusal.partner_email = lead.email_from
            messages = lead.message_ids.filtered(
                lambda message: (
                    message.message_type in ("comment", "email", "email_outgoing")
                    or message.mail_activity_type_id
                    or message.subtype_id == system_note
                    and message.body
                )
            )
            refusal.lead_message_ids = messages.sorted("date", reverse=True)[:_MESSAGES]

    @api.depends_context("uid")
    @api.depends("team_id.user_id")
    def _compute_may_rule(self):
        manages = self.env.su or self.env.user.has_group("sales_team.group_sale_manager")
        for refusal in self:
            refusal.may_rule = manages or refusal.team_id.user_id == self.env.user

    # -- actions ------------------------------------------------------------------------------

    def action_rule_market(self):
        """Rule: a real cause in the market."""
        self._rule("market")

    def action_rule_excuse(self):
        """Rule: an excuse. The manager is asked to find the cause behind it."""
        self._rule("excuse")
        self._ask_managers(self.env._("Find the real cause of the refusal"))

    def action_rule_work_gap(self):
        """Rule: a gap in the manager's work, told to the manager in a coaching note.

        :return: a window that asks for the note, where there is none yet
        """
        self._check_may_rule()
        silent = self.filtered(lambda refusal: not (refusal.coaching_note or "").strip())
        if len(silent) > 1 or silent and len(self) > 1:
            raise UserError(
                self.env._(
                    "Write a coaching note for each refusal first, or rule on them one by one."
                )
            )
        if silent:
            return {
                "type": "ir.actions.act_window",
                "name": self.env._("What can the manager do better?"),
                "res_model": self._name,
                "res_id": self.id,
                "views": [
                    [
                        self.env.ref("sales_funnel_control.crm_lead_refusal_view_form_note").id,
                        "form",
                    ]
                ],
                "target": "new",
            }
        self._rule("work_gap")
        self._ask_managers(self.env._("Coaching note on a refusal"), with_note=True)
        return None

    def action_undo_ruling(self):
        """Put the refusals back on the list to review."""
        self.check_access("write")
        self._check_may_rule()
        self.sudo().write(
            {"state": "new", "ruling": False, "reviewed_by_id": False, "reviewed_at": False}
        )

    def action_open_lead(self):
        """Open the refused opportunity."""
        self.ensure_one()
        if not self.lead_id:
            raise UserError(self.env._("The opportunity was deleted. Its refusal remains."))
        return {
            "type": "ir.actions.act_window",
            "res_model": "crm.lead",
            "res_id": self.lead_id.id,
            "views": [[False, "form"]],
        }

    # -- ruling -------------------------------------------------------------------------------

    def _rule(self, ruling):
        self.check_access("write")
        self._check_may_rule()
        self.sudo().write(
            {
                "ruling": ruling,
                "state": "reviewed",
                "reviewed_by_id": self.env.uid,
                "reviewed_at": fields.Datetime.now(),
            }
        )

    def _ask_managers(self, summary, with_note=False):
        """Plan, for the managers, what a ruling asks of them."""
        plans = []
        for refusal in self.sudo():
            record = refusal.lead_id or refusal.partner_id
            manager = refusal.user_id.filtered("active") or refusal._responsible()
            if record and (with_note or manager != self.env.user):
                plans.append((refusal, record, manager, refusal._today()))
        self.sudo()._schedule(plans, summary, "mail.mail_activity_data_todo", with_note)

    def _story(self, with_note=False):
        """Client, reason and words of the refusal, for a person who has to act on it."""
        self.ensure_one()
        lines = [
            self.env._(
                "%(client)s refused on %(day)s: %(reason)s",
                client=self._client_name(),
                day=format_date(self.env, self.company_id._funnel_date(self.refused_at)),
                reason=self.lost_reason_id.name or self.env._("no reason given"),
            )
        ]
        if self.words:
            lines.append(self.env._("In the client's words: “%(words)s”", words=self.words))
        if with_note:
            lines.append(self.coaching_note)
        return Markup().join(Markup("<p>%s</p>") % line for line in lines)
