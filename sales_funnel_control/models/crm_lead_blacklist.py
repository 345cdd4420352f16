from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.http import request

from .crm_lead_gate import DEFERRAL, Deferral

# What opens a deal, gives it to somebody, moves it on or takes it up again.
_WORKING_FIELDS = {
    "active",
    "email_from",
    "partner_id",
    "stage_id",
    "team_id",
    "type",
    "user_id",
}
_LINES = 10


class CrmLead(models.Model):
    """Nobody works with a blacklisted client.

    Checked after each write, wherever it comes from; the error undoes it. Deals that were open
    when the client was blacklisted stay, and can be lost or archived.
    """

    _inherit = "crm.lead"

    client_is_blacklisted = fields.Boolean(
        compute="_compute_client_is_blacklisted",
        search="_search_client_is_blacklisted",
        help="Nobody works with this client. What was open then can be lost or archived only.",
    )
    client_blacklist_text = fields.Char(compute="_compute_client_is_blacklisted")
    client_category = fields.Selection(
        related="partner_id.client_category", string="Client Category"
    )
    client_rating = fields.Selection(related="partner_id.client_rating", string="Client Rating")

    @api.depends("partner_id", "email_from")
    def _compute_client_is_blacklisted(self):
        listed = self._of_blacklisted()
        for lead in self:
            lead.client_is_blacklisted = lead in listed
            lead.client_blacklist_text = lead in listed and listed[lead]._blacklist_sentence()

    def _search_client_is_blacklisted(self, operator, value):
        if operator != "in":
            return NotImplemented
        listed = ~self._not_blacklisted_domain()
        return Domain.OR(listed if wanted else ~listed for wanted in value)

    # -- ORM ----------------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        leads = super().create(vals_list)
        leads._check_not_blacklisted()
        return leads

    def write(self, vals):
        if _WORKING_FIELDS.isdisjoint(vals) or not any(self.env["res.partner"]._sales_blacklist()):
            return super().write(vals)
        former = {lead: lead._working_place() for lead in self}
        result = super().write(vals)
        # Hardly any lead is of such a client: only of these is asked what happened to it.
        listed = self.browse(lead.id for lead in self._of_blacklisted())
        listed.filtered(lambda lead: lead._is_worked(former[lead]))._check_not_blacklisted()
        return result

    @api.model
    def message_new(self, msg_dict, custom_values=None):
        """A mail of a blacklisted client opens nothing: it is kept in the client's chatter."""
        self.browse().check_access("create")
        author = self.env["res.partner"].sudo().browse(msg_dict.get("author_id") or ())
        listed = author._sales_blacklisted()
        if not listed:
            draft = self.new(
                {"email_from": msg_dict.get("email_from") or msg_dict.get("from"), "active": True}
            )
            listed = draft._of_blacklisted().get(draft)
        if not listed or self.env["crm.lead.refusal"]._is_enforcement_off():
            return super().message_new(msg_dict, custom_values=custom_values)
        client = listed.commercial_partner_id.with_env(self.env)
        client.sudo()._tell_of_blacklisted_mail(msg_dict.get("subject"))
        return client

    # -- checking -----------------------------------------------------------------------------

    def _working_place(self):
        """What of the lead changes when somebody works with the client."""
        return (
            self.partner_id.id,
            self.email_from,
            self.stage_id.id,
            self.team_id.id,
            self.user_id.id,
            self.type,
            self.active,
            self.won_status,
        )

    def _is_worked(self, former):
        """Whether the lead is worked now, and was not in the same way before."""
        now = self._working_place()
        if not self.active or now == former:
            return False
        is_closed = self.won_status == former[-1] == "won"
        given_up = now[:4] == former[:4] and now[5:] == former[5:] and not self.user_id
        # Won deals change hands when people leave, and giving a client up is no work.
        return not (given_up or (is_closed and now[:3] == former[:3]))

    def _check_not_blacklisted(self):
        """Refuse to work with blacklisted clients.

        :raise ValidationError: naming the clients, why and since when they are blacklisted, and
            who can change that
        """
        listed = self.filtered("active")._of_blacklisted()
        if not listed or self.env["crm.lead.refusal"]._is_enforcement_off():
            return
        deferral = self.env.context.get(DEFERRAL)
        if isinstance(deferral, Deferral):
            # An import says it of every row by itself.
            deferral.worked.update(lead.id for lead in listed)
            return
        if request and request.env.user.share:
            # A website form: the visitor may be the client, and need not read why.
            raise ValidationError(self.env._("We cannot take this request. Please call us."))
        clients = self.env["res.partner"].union(*listed.values())
        lines = [client._blacklist_sentence() for client in clients[:_LINES]]
        if len(clients) > _LINES:
            lines.append(self.env._("And %(count)s more.", count=len(clients) - _LINES))
        raise ValidationError("\n".join(lines))

    def _of_blacklisted(self):
        """The contact nobody works with, by lead; other leads are not in it.

        Leads without a contact are known by the e-mail, as they are elsewhere.
        """
        ids, emails = self.env["res.partner"]._sales_blacklist()
        listed = {
            lead: lead.sudo().partner_id._origin
            for lead in self
            if lead.partner_id._origin.id in ids
        }
        unknown = self.filtered(
            lambda lead: not lead.partner_id and lead.email_normalized in emails
        )
        for lead, client in unknown._clients().items():
            if client.id in ids:
                listed[lead.with_env(self.env)] = client
        return listed

    @api.model
    def _not_blacklisted_domain(self):
        """Leads of clients that may be worked with."""
        ids, emails = self.env["res.partner"]._sales_blacklist()
        return Domain("partner_id", "not in", list(ids)) & (
            Domain("partner_id", "!=", False) | Domain("email_normalized", "not in", list(emails))
        )
