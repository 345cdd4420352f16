import {registry} from "@web/core/registry";
import {stepUtils} from "@web_tour/tour_utils";

const tours = registry.category("web_tour.tours");

const openMenu = (xmlid) => [
    ...stepUtils.goToAppSteps("crm.crm_menu_root"),
    {
        content: "Open the week's menu",
        trigger: "[data-menu-xmlid='sales_funnel_control.crm_weekly_menu']",
        run: "click",
    },
    {
        trigger: `a.dropdown-item[data-menu-xmlid='sales_funnel_control.${xmlid}']`,
        run: "click",
    },
];

tours.add("sales_funnel_control.weekly_review_manager", {
    steps: () => [
        ...openMenu("crm_weekly_review_line_menu_mine"),
        {
            content: "Open the week",
            trigger: ".o_kanban_record:contains(Ivanenko)",
            run: "click",
        },
        {
            content: "Say a word",
            trigger: ".o_field_widget[name=manager_word] textarea",
            run: "edit The list was hard",
        },
        {
            content: "Confirm",
            trigger: "button[name=action_confirm]",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=confirmed_at]",
        },
    ],
});

tours.add("sales_funnel_control.weekly_review_head", {
    steps: () => [
        ...openMenu("crm_weekly_review_menu"),
        {
            content: "Open the review",
            trigger: ".o_data_row:contains(Test Hunters) td[name=team_name]",
            run: "click",
        },
        {
            content: "What the manager said is there",
            trigger: ".o_field_widget[name=line_ids] td:contains(The list was hard)",
        },
        {
            content: "See who is below target",
            trigger: "a[name=problems]",
            run: "click",
        },
        {
            content: "Decide",
            trigger:
                ".o_field_widget[name=problem_ids] .o_data_row:contains(Ivanenko) button[name=action_decide]",
            run: "click",
        },
        {
            trigger: ".modal .o_field_widget[name=note] input",
            run: "edit Five calls together",
        },
        {
            trigger: ".modal .o_form_button_save",
            run: "click",
        },
        {
            content: "The decision is there",
            trigger: "body:not(:has(.modal)) a[name=decisions]",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=decision_ids] td:contains(Five calls together)",
        },
        {
            content: "Close the week",
            trigger: "button[name=action_close]",
            run: "click",
        },
        {
            trigger: ".modal-footer .btn-primary",
            run: "click",
        },
        {
            trigger: ".o_statusbar_status .o_arrow_button_current:contains(Closed)",
        },
    ],
});
