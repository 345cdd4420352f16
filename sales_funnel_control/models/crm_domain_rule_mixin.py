import logging
from ast import literal_eval

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

_logger = logging.getLogger(__name__)


class CrmDomainRuleMixin(models.AbstractModel):
    """A rule of an administrator for the records that fit a condition.

    Models that inherit it say of which model the records are, and what of them follows from the
    rules themselves: no rule can ask for that.
    """

    _name = "crm.domain.rule.mixin"
    _description = "Rule With a Condition"
    _order = "sequence, id"
    _rule_model = None
    _rule_follows = frozenset()

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    domain = fields.Char("Condition", default="[]", required=True)
    company_id = fields.Many2one("res.company", ondelete="cascade", index="btree_not_null")

    @api.constrains("domain")
    def _check_domain(self):
        for rule in self:
            try:
                domain = rule._condition()
                self.env[self._rule_model].search(domain, limit=1).filtered_domain(domain)
                self._check_readable(domain)
            except Exception as error:
                # Whatever a domain can be wrong in, it is the user who can put it right.
                raise ValidationError(
                    self.env._(
                        "The condition of the rule “%(rule)s” cannot be read: %(error)s "
                        "Build it anew with the editor of the field.",
                        rule=rule.name,
                        error=error,
                    )
                ) from error
            asked = {
                name
                for condition in domain.iter_conditions()
                for name in condition.field_expr.split(".")
            }
            if not self._rule_follows.isdisjoint(asked):
                raise ValidationError(
                    self.env._(
                        "The rule “%(rule)s” asks for what follows from it itself. Choose "
                        "something else that tells these records apart.",
                        rule=rule.name,
                    )
                )

    def _readable(self):
        """The rules whose condition can be read; a field may be gone since it was written.

        Nobody's lead fails because of a rule: the others are left out, which the log says.
        """
        readable = self.browse()
        for rule in self:
            try:
                rule._condition().validate(self.env[self._rule_model])
            except (ValueError, SyntaxError) as error:
                _logger.warning("The rule “%s” is left out: %s", rule.name, error)
            else:
                readable |= rule
        return readable

    def _check_readable(self, domain):
        """Nobody learns from what follows of a rule what they may not read.

        :raise AccessError: for a field that the present user may not read
        """
        for condition in domain.iter_conditions():
            # Constraints are checked with all rights.
            model = self.env[self._rule_model].with_user(self.env.user)
            for name in condition.field_expr.split("."):
                field = model._fields.get(name)
                if field is None:
                    break
                model._check_field_access(field, "read")
                model = model.env[field.comodel_name] if field.relational else model

    def _condition(self):
        self.ensure_one()
        return Domain(literal_eval(self.domain or "[]"))
