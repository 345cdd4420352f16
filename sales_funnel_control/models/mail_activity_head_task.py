from odoo import fields, models

# What a task learns of its activity.
_LEARNT = {"active", "date_deadline", "user_id"}


class MailActivity(models.Model):
    """A task of the head's, as the manager has it on the list."""

    _inherit = "mail.activity"

    head_task_id = fields.Many2one(
        "crm.head.task",
        "Task from the Head",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )

    def write(self, vals):
        result = super().write(vals)
        is_told = self.env.context.get("is_told_by_task")
        if not (is_told or _LEARNT.isdisjoint(vals)) and (tasks := self.sudo().head_task_id):
            tasks._learn()
        return result
