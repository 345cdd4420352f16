from collections import defaultdict

from odoo import api, models
from odoo.tools import email_normalize


class CrmLead(models.Model):
    """The next deals of a client are those of the farmer in charge."""

    _inherit = "crm.lead"

    @api.onchange("partner_id", "commercial_partner_id", "email_from")
    def _onchange_client_with_farmer(self):
        """A new lead of a client in a farmer's charge is proposed for that farmer."""
        if self._origin or self.user_id not in (self.env.user, self.user_id.browse()):
            return None
        member = self._farmer_in_charge()
        if member.user_id == self.user_id or not member or not self._may_give_to(member.user_id):
            return None
        self.user_id, self.team_id = member.user_id, member.crm_team_id
        return {
            "warning": {
                "title": self.env._("Client in a farmer's charge"),
                "message": self.env._(
                    "%(farmer)s is in charge of this client and gets the lead. "
                    "Choose somebody else if you want to keep it.",
                    farmer=member.user_id.name,
                ),
                "type": "notification",
            }
        }

    @api.model_create_multi
    def create(self, vals_list):
        company_ids = self.env["res.company"]._switched_on("handover_to_farmer")
        if company_ids:
            vals_list = self._with_farmers(vals_list, company_ids)
        return super().create(vals_list)

    # -- the next deals -----------------------------------------------------------------------

    def _with_farmers(self, vals_list, company_ids):
        """Let leads for which nobody chose a manager be those of the farmers in charge."""
        clients = self._clients_of_vals(vals_list)
        by_company = defaultdict(list)
        for place, client in clients.items():
            if client.farmer_id:
                company = self._company_of_vals(vals_list[place])
                if company.id in company_ids:
                    by_company[company].append(place)
        vals_list = list(vals_list)
        for company, places in by_company.items():
            classes = {clients[place]: vals_list[place].get("lead_class") for place in places}
            seats = self._seats_of_farmers(company, classes)
            for place in places:
                seat = seats.get(clients[place])
                if seat and self._may_give_to(seat.user_id):
                    vals_list[place] = {
                        **vals_list[place],
                        "user_id": seat.user_id.id,
                        "team_id": seat.crm_team_id.id,
                    }
        return vals_list

    def _clients_of_vals(self, vals_list):
        """The client by place, of the leads to create for which nobody chose a manager."""
        default_id = self.env.context.get("default_partner_id")
        free = {place: vals for place, vals in enumerate(vals_list) if not vals.get("user_id")}
        named_ids = {vals.get("commercial_partner_id") for vals in free.values()}
        chosen_ids = {vals.get("partner_id", default_id) for vals in free.values()}
        partners = self.env["res.partner"].sudo().browse((named_ids | chosen_ids) - {None, False})
        partners = {partner.id: partner for partner in partners}
        clients, emails = {}, {}
        for place, vals in free.items():
            company = self._company_of_vals(vals)
            partner = partners.get(vals.get("partner_id", default_id))
            named = partners.get(vals.get("commercial_partner_id"))
            if not partner and named and named.company_id.id in (False, company.id):
                # Odoo finds it by the name, among the contacts of all companies.
                partner = named
            if partner:
                clients[place] = partner.commercial_partner_id
            elif vals.get("email_from"):
                emails[place] = email_normalize(vals["email_from"]), company.id
        known = self._clients_by_email(set(emails.values()))
        clients.update({place: known[key] for place, key in emails.items() if key in known})
        return clients

    def _company_of_vals(self, vals):
        """The company a lead to create will belong to, as far as it is told."""
        if vals.get("company_id"):
            return self.env["res.company"].browse(vals["company_id"]).sudo()
        team = self.env["crm.team"].sudo().browse(vals.get("team_id") or ())
        return team.company_id or self.env.company.sudo()

    def _seats_of_farmers(self, company, client_classes):
        """The membership of each client's farmer; who left is replaced by rule.

        :param dict client_classes: class of the new lead by client
        :return: membership by client, without those whose farmer works for other companies only
        """
        members = self.env["crm.team.member"].sudo()
        clients = self.env["res.partner"].sudo().union(*client_classes)
        seats = members._of_farmers(clients.farmer_id, company)
        left = clients.filtered(
            lambda client: client.farmer_id not in seats and client._farmer_left()
        )
        for client in left:
            team = client._team_of_former_farmer(company)
            chosen = team and team._choose_farmers(company, {client: client_classes[client]})
            if chosen:
                client._take_charge(chosen[client])
                seats.update(members._of_farmers(chosen[client], company))
        return {client: seats[client.farmer_id] for client in clients if client.farmer_id in seats}

    def _farmer_in_charge(self):
        """The membership of the farmer in charge of this new lead's client, for a form."""
        companies = self.env["res.company"]
        company = (self.company_id or self.team_id.company_id)._origin or self.env.company
        member = self.env["crm.team.member"]
        if company.id not in companies._switched_on("handover_to_farmer"):
            return member
        client = self.commercial_partner_id._origin.sudo()
        if self.partner_id or not client or client.company_id.id not in (False, company.id):
            client = next(iter(self._clients().values()))
        return member._of_farmers(client.farmer_id, company).get(client.farmer_id, member)

    def _may_give_to(self, user):
        """Whether the present user may create leads for somebody else; rules of access decide."""
        return (
            self.env.su
            or user == self.env.user
            or self.env.user.has_group("sales_team.group_sale_salesman_all_leads")
        )

    def _send_to_team_of(self, farmer):
        """Let leads without an owner wait in the team of the farmer in charge."""
        for company, leads in self.grouped(
            lambda lead: lead.company_id or lead.team_id.company_id or farmer.company_id
        ).items():
            seat = self.env["crm.team.member"]._of_farmers(farmer, company).get(farmer)
            if seat:
                leads.write({"team_id": seat.crm_team_id.id})
