from odoo import api, fields, models
from odoo.fields import Command

from .crm_client_category_manual import MANUAL_CATEGORIES


class CrmClientBulk(models.Model):
    """What can be done with a group, see ``_bulk_actions``."""

    _inherit = "crm.client.bulk"

    category = fields.Selection(MANUAL_CATEGORIES, help="Set by hand, against the rules.")
    category_reason = fields.Char(
        "Why", help="Why the rules of the settings are wrong for these clients."
    )
    campaign_id = fields.Many2one(
        "utm.campaign",
        "Special Program",
        domain="[('is_special_program', '=', True)]",
        ondelete="set null",
        help="The clients are put on its list; its next launch gives it to them.",
    )

    @api.model
    def _bulk_actions(self):
        labels = {
            "category": self.env._("Set the Category by Hand"),
            "program": self.env._("Put Into a Special Program"),
        }
        return [*super()._bulk_actions(), *labels.items()]

    def _apply_category(self, clients):
        """Set the category of the clients that the user decides on."""
        deciding = clients.filtered("may_set_category")
        why = self.env._("Only sales administrators and the team's leader set its category")
        refused = dict.fromkeys((clients - deciding).sudo().partner_id, why)
        changed = deciding.filtered(
            lambda client: (
                (client.manual_category, client.manual_reason)
                != (self.category, self.category_reason)
            )
        )
        if changed:
            changed.action_set_category(self.category, self.category_reason)
        return changed, refused

    def _apply_program(self, clients):
        """Put the clients on the list of the program."""
        partners = clients.sudo().partner_id.sudo(False).with_env(self.env)
        refused = self.campaign_id._add_clients(partners)
        changed = clients.filtered(lambda client: client.sudo().partner_id not in refused)
        return changed, refused

    def _apply_farmer(self, clients):
        """Put the farmer in charge of the clients that the user decides on."""
        company = clients.env.company
        farmer = self.farmer_id
        known = clients.sudo()
        if not farmer.active or company not in farmer.sudo().company_ids:
            why = self.env._(
                "%(farmer)s does not work in %(company)s", farmer=farmer.name, company=company.name
            )
            return clients.browse(), dict.fromkeys(known.partner_id, why)
        refused = {}
        if not self.env.user.has_group("sales_team.group_sale_manager"):
            foreign = known.filtered(lambda client: client.team_id.user_id != self.env.user)
            why = self.env._(
                "Only sales administrators choose the farmer in charge, and team leaders that of "
                "their team's clients"
            )
            refused = dict.fromkeys(foreign.partner_id, why)
        free = known.filtered(lambda client: client.partner_id not in refused)
        changed = free.filtered(lambda client: client.partner_id.farmer_id != farmer)
        if changed:
            changed.partner_id.write({"farmer_id": farmer.id})
            clients.env["crm.client"]._refresh(changed.partner_id, company)
        return changed, refused

    def _apply_add_tag(self, clients):
        """Add the tag to the clients that the user may change."""
        return self._apply_tag(clients, Command.link(self.tag_id.id), adds=True)

    def _apply_remove_tag(self, clients):
        """Take the tag away from the clients that the user may change."""
        return self._apply_tag(clients, Command.unlink(self.tag_id.id), adds=False)

    def _apply_tag(self, clients, command, adds):
        writable, refused = self._writable(clients)
        changed = writable.filtered(
            lambda client: (self.tag_id in client.partner_id.category_id) != adds
        )
        if changed:
            changed.partner_id.write({"category_id": [command]})
        return changed, refused

    def _apply_verify(self, clients):
        """Note that the contact data were checked today."""
        writable, refused = self._writable(clients)
        verified = writable.partner_id._mark_verified()
        changed = writable.filtered(lambda client: client.partner_id in verified)
        return changed, refused

    def _writable(self, clients):
        """The clients whose contact the user may change, and ``{partner: reason}`` of others."""
        partners = clients.sudo().partner_id.sudo(False).with_env(self.env)
        writable = partners._filtered_access("write")
        why = self.env._("You may not change this contact")
        refused = dict.fromkeys(partners - writable, why)
        return clients.filtered(lambda client: client.partner_id in writable), refused
