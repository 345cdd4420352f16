from odoo import models
from odoo.tools import SQL
from odoo.tools.query import Query


class CrmGroupOrderMixin(models.AbstractModel):
    """Groups by who or what, in the order of that."""

    _name = "crm.group.order.mixin"
    _description = "Order of Groups"

    def _read_group_orderby(self, order, groupby_terms, query):
        """Look up what groups are ordered by once a group.

        Odoo joins the tables of the names to every row before it counts, and groups by them too:
        over years of rows that takes longer than the counting.
        """
        if not order:
            return super()._read_group_orderby(order, groupby_terms, query)
        terms = []
        for part in order.split(","):
            name, *direction = part.lower().split()
            field = self._fields.get(name) if name in groupby_terms else None
            if field and field.type == "many2one" and direction in ([], ["asc"], ["desc"]):
                terms += self._record_order(field, groupby_terms[name], direction == ["desc"])
            else:
                terms.append(super()._read_group_orderby(part, groupby_terms, query))
        return SQL(", ").join(terms)

    def _record_order(self, field, key, is_reversed, seen=()):
        """Terms that order by the records of a many2one, as their model orders them.

        :param SQL key: the record's id
        """
        model = self.env[field.comodel_name]
        for part in model._order.split(","):
            name, *direction = part.lower().split()
            by = model._fields[name]
            if by in seen:
                continue
            query = Query(self.env, model._table, model._table_sql)
            query.add_where(SQL("%s = %s", SQL.identifier(model._table, "id"), key))
            is_down = ("desc" in direction) != is_reversed
            if by.type == "many2one":
                value = model._field_to_sql(model._table, name, query)
                value = SQL("(%s)", query.select(value))
                yield from self._record_order(by, value, is_down, (by, *seen))
            else:
                value = model._order_field_to_sql(model._table, name, SQL(), SQL(), query)
                yield SQL("(%s) %s", query.select(value), SQL("DESC") if is_down else SQL())
