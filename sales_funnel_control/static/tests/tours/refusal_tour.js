import {registry} from "@web/core/registry";
import {stepUtils} from "@web_tour/tour_utils";

const tours = registry.category("web_tour.tours");

tours.add("sales_funnel_control.refusal", {
    steps: () => [
        {
            content: "Lose the opportunity",
            trigger: ".o_statusbar_buttons button:contains(Lost)",
            run: "click",
        },
        {
            content: "Choose why",
            trigger: ".modal .o_selection_badge:contains(No budget)",
            run: "click",
        },
        {
            content: "The playbook stands beside it",
            trigger: ".modal .o_kanban_record:contains(We have no money for this)",
        },
        {
            content: "Say it in the client's words",
            trigger: ".modal [name=words] textarea",
            run: "edit The budget is spent until spring",
        },
        {
            content: "Mark as lost",
            trigger: ".modal button[name=action_lost_reason_apply]",
            run: "click",
        },
        {
            trigger: ".ribbon:contains(Lost)",
        },
    ],
});

tours.add("sales_funnel_control.refusal_review", {
    steps: () => [
        ...stepUtils.goToAppSteps("crm.crm_menu_root"),
        {
            content: "Open the refusals",
            trigger: "button[data-menu-xmlid='sales_funnel_control.crm_refusals_menu']",
            run: "click",
        },
        {
            content: "Open those to review",
            trigger: "a[data-menu-xmlid='sales_funnel_control.crm_lead_refusal_menu_review']",
            run: "click",
        },
        {
            content: "Open the refusal",
            trigger: ".o_data_row:contains(Ivanenko) .o_data_cell[name=words]",
            run: "click",
        },
        {
            trigger: ".o_form_view [name=words] textarea",
        },
        {
            content: "Rule",
            trigger: "button[name=action_rule_market]",
            run: "click",
        },
        {
            content: "It is reviewed, or the next one is shown",
            trigger:
                ".o_notification:contains(last refusal), .o_form_view h1:not(:contains(Toured Refusal))",
        },
    ],
});

tours.add("sales_funnel_control.refusal_return", {
    steps: () => [
        {
            content: "The day has come",
            trigger: ".o-mail-Activity:contains(Return to the client)",
        },
        {
            content: "Return to the client",
            trigger: "button[name=action_return_to_client]",
            run: "click",
        },
        {
            trigger: "button[name=action_set_won_rainbowman]:visible",
            run: "click",
        },
        {
            trigger: ".ribbon:contains(Won)",
        },
    ],
});

tours.add("sales_funnel_control.refusal_report", {
    steps: () => [
        {
            content: "Find the refusal",
            trigger: ".o_data_row:contains(Ivanenko) .o_data_cell[name=words]",
            run: "click",
        },
        {
            content: "It was won on the second try",
            trigger: ".ribbon:contains(Won Back)",
        },
    ],
});
