from rest_framework.permissions import BasePermission


class IsUser(BasePermission):
    """Lets no machine in: its token (the client_credentials grant) is a good one, but of no session."""

    def has_permission(self, request, view):
        return request.auth is not None and "sid" in request.auth


class HasRole(BasePermission):
    """For views with a `role`: the user must have it in Postern."""

    def has_permission(self, request, view):
        return request.auth is not None and view.role in request.auth.get("roles", [])
