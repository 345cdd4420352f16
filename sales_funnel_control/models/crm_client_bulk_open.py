from odoo import models


class CrmClient(models.Model):
    _inherit = "crm.client"

    def action_change_group(self):
        """Choose what is to be done with these clients.

        :return: window action
        """
        return self.env["crm.client.bulk"]._open_with(self)


class ResPartner(models.Model):
    _inherit = "res.partner"

    def action_change_clients(self):
        """Choose what is to be done with the clients that these contacts belong to.

        :return: window action
        """
        return self.env["crm.client.bulk"]._open_with(self)
