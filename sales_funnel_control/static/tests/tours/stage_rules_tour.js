import {registry} from "@web/core/registry";

const tours = registry.category("web_tour.tours");

tours.add("sales_funnel_control.stage_rules", {
    steps: () => [
        {
            content: "See what the stage asks for",
            trigger: ".o_notebook_headers a[name=stage_rules]",
            run: "click",
        },
        {
            content: "Two things are to be done",
            trigger:
                "[name=stage_rule_activity_ids] .o_data_row:contains(Call the decision maker):contains(Planned)",
        },
        {
            content: "Move the opportunity on",
            trigger: ".o_statusbar_status button:contains(Presentation):visible",
            run: "click",
        },
        {
            content: "Material goes to the client now",
            trigger: "[name=stage_material_ids]:contains(catalogue)",
        },
        {
            trigger: "button[name=action_send_material]",
            run: "click",
        },
        {
            content: "The file is attached",
            trigger: ".modal [name=attachment_ids]:contains(catalogue)",
        },
        {
            content: "Send it",
            trigger: ".modal button[name=action_send_mail]",
            run: "click",
        },
        {
            trigger: "body:not(:has(.modal))",
        },
        {
            content: "It was sent",
            trigger: "[name=material_sent_at]:visible",
        },
    ],
});
