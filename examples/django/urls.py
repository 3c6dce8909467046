from django.urls import path
from permissions import HasRole, IsUser
from rest_framework.response import Response
from rest_framework.views import APIView


class Me(APIView):
    def get(self, request):
        return Response({"id": request.user.id, "username": request.user.username, "roles": request.auth["roles"]})


class Reports(APIView):
    permission_classes = [IsUser, HasRole]
    role = "editor"

    def get(self, request):
        return Response({"reports": []})


urlpatterns = [path("me/", Me.as_view()), path("reports/", Reports.as_view())]
