from odoo import models


class CrmClient(models.Model):
    """What others do when the category of a client changes."""

    _inherit = "crm.client"

    def _on_category_changed(self, before):
        """Called right after clients changed their category.

        :param before: ``{client: former category or False}``
        """
