from odoo import api, models
from odoo.tools import SQL


class CrmLead(models.Model):
    _inherit = "crm.lead"

    @api.model
    def _product_group_sql(self, lead):
        """The product category that weighs most in the quotations of a lead.

        :param SQL lead: id of the lead
        """
        return SQL(
            """
              SELECT template.categ_id
                FROM sale_order quotation
                JOIN sale_order_line line ON line.order_id = quotation.id
                JOIN product_product product ON product.id = line.product_id
                JOIN product_template template ON template.id = product.product_tmpl_id
               WHERE quotation.opportunity_id = %s
                 AND quotation.state <> 'cancel'
            GROUP BY template.categ_id
            ORDER BY SUM(line.price_subtotal) DESC, template.categ_id
               LIMIT 1
            """,
            lead,
        )
