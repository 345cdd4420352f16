from . import crm_funnel_demo
