"""What an addon could leave behind in a database, and what Odoo itself leaves of ours."""

# Everything a database consists of, and every table in which addons leave records. Not among them
# is what the chatter tells of changes of fields that are gone: Odoo keeps that of any field.
TRACES = {
    "columns": "SELECT table_name || '.' || column_name || ' ' || data_type || is_nullable AS name"
    " FROM information_schema.columns WHERE table_schema = 'public'",
    "indexes": "SELECT indexname AS name FROM pg_indexes WHERE schemaname = 'public'",
    "constraints": "SELECT conrelid::regclass::text || '.' || conname AS name FROM pg_constraint",
    "sequences": "SELECT sequencename AS name FROM pg_sequences",
    "functions": "SELECT proname AS name FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
    "models": "SELECT model AS name FROM ir_model",
    "fields": "SELECT model || '.' || name AS name FROM ir_model_fields",
    "selections": "SELECT field.model || '.' || field.name || '=' || selection.value AS name"
    " FROM ir_model_fields_selection selection"
    " JOIN ir_model_fields field ON field.id = selection.field_id",
    "external ids": "SELECT module || '.' || name AS name FROM ir_model_data",
    "relations": "SELECT name FROM ir_model_relation",
    "model constraints": "SELECT name FROM ir_model_constraint",
    "parameters": "SELECT key AS name FROM ir_config_parameter",
    "actions": "SELECT type || ' ' || (name ->> 'en_US') AS name FROM ir_actions",
    "scheduled actions": "SELECT cron_name AS name FROM ir_cron",
    "triggers": "SELECT cron_id::text AS name FROM ir_cron_trigger",
    "views": "SELECT model || ' ' || name AS name FROM ir_ui_view",
    "menus": "SELECT name ->> 'en_US' AS name FROM ir_ui_menu",
    "rules": "SELECT name FROM ir_rule",
    "access": "SELECT name FROM ir_model_access",
    "groups": "SELECT name ->> 'en_US' AS name FROM res_groups",
    "filters": "SELECT name FROM ir_filters",
    "defaults": "SELECT field_id::text AS name FROM ir_default",
    "lost reasons": "SELECT name ->> 'en_US' AS name FROM crm_lost_reason",
    "activity types": "SELECT name ->> 'en_US' AS name FROM mail_activity_type",
    "activity plans": "SELECT name FROM mail_activity_plan",
    "calendars of work": "SELECT name FROM resource_calendar",
    "resources": "SELECT name FROM resource_resource",
    "dashboards": "SELECT name ->> 'en_US' AS name FROM spreadsheet_dashboard",
    "messages of models": "SELECT DISTINCT model AS name FROM mail_message",
    "message subtypes": "SELECT name ->> 'en_US' AS name FROM mail_message_subtype",
    "followers of models": "SELECT DISTINCT res_model AS name FROM mail_followers",
    "activities of models": "SELECT DISTINCT res_model AS name FROM mail_activity",
    "attachments of models": "SELECT DISTINCT res_model || ' ' || COALESCE(res_field, '') AS name"
    " FROM ir_attachment WHERE res_model IS NOT NULL",
}

# Odoo's uninstallation itself leaves the note (not the key) of a foreign key on another's table. A
# reason that clients gave is the company's own by now.
LEFT = {
    "model constraints": {
        "calendar_event_time_block_id_fkey",
        "crm_lead_answerable_id_fkey",
        "crm_lead_channel_id_fkey",
        "crm_lead_escalation_activity_id_fkey",
        "crm_lead_first_reaction_by_id_fkey",
        "crm_lead_lost_competitor_id_fkey",
        "crm_stage_activity_plan_id_fkey",
        "crm_stage_gate_client_field_rel_crm_stage_id_fkey",
        "crm_stage_gate_client_field_rel_ir_model_fields_id_fkey",
        "crm_stage_gate_lead_field_rel_crm_stage_id_fkey",
        "crm_stage_gate_lead_field_rel_ir_model_fields_id_fkey",
        "crm_stage_gate_person_field_rel_crm_stage_id_fkey",
        "crm_stage_gate_person_field_rel_ir_model_fields_id_fkey",
        "crm_stage_material_rel_attachment_id_fkey",
        "crm_stage_material_rel_stage_id_fkey",
        "crm_stage_material_template_id_fkey",
        "crm_stage_target_set_by_id_fkey",
        "crm_team_successor_team_id_fkey",
        "loyalty_program_entitled_tag_rel_loyalty_program_id_fkey",
        "loyalty_program_entitled_tag_rel_res_partner_category_id_fkey",
        "loyalty_program_member_pricelist_id_fkey",
        "mail_activity_head_task_id_fkey",
        "mail_activity_plan_line_id_fkey",
        "mail_activity_rule_stage_id_fkey",
        "res_company_case_user_id_fkey",
        "res_partner_farmer_id_fkey",
        "res_partner_sales_blacklisted_by_id_fkey",
        "res_partner_verified_by_id_fkey",
        "res_partner_won_by_id_fkey",
        "utm_campaign_client_filter_id_fkey",
        "utm_campaign_program_activity_type_id_fkey",
        "utm_campaign_program_team_id_fkey",
    },
    "lost reasons": {"No budget"},
}
