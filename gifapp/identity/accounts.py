"""The only reader and writer of accounts."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import mongoengine.errors
from bson import ObjectId

from gifapp import errors
from gifapp.domain.views import Role, UserView
from gifapp.identity.documents import UserDocument
from gifapp.mongodb import reaching_mongodb

# what is unique about an account -> the error of whoever comes second
_SECOND = {"email": errors.EmailTaken, "founder": errors.SetupTokenWrong, "invite_id": errors.InviteInvalid}


class Accounts:
    """Every method raises errors.ServiceUnavailable when MongoDB is away."""

    @reaching_mongodb()
    def any_exist(self) -> bool:
        return UserDocument.objects.only("id").first() is not None

    @reaching_mongodb()
    def add(
        self,
        email: str,
        password_hash: bytes,
        role: Role,
        *,
        founder: bool = False,
        invite_id: str | None = None,
    ) -> UserDocument:
        """Add an account.

        Raises:
            errors.EmailTaken, errors.SetupTokenWrong, errors.InviteInvalid: somebody was first.
        """
        document = UserDocument(
            email=email,
            password_hash=password_hash,
            role=role,
            founder=founder or None,
            invite_id=invite_id,
        )
        try:
            document.save(force_insert=True)
        except mongoengine.errors.NotUniqueError as refused:
            raise _SECOND[_duplicate_field(refused)] from None
        return document

    @reaching_mongodb()
    def by_email(self, email: str) -> UserDocument | None:
        found: UserDocument | None = UserDocument.objects(email=email).first()
        return found

    @reaching_mongodb()
    def by_id(self, user_id: ObjectId) -> UserDocument | None:
        found: UserDocument | None = UserDocument.objects(id=user_id).first()
        return found

    @reaching_mongodb()
    def all(self) -> list[UserDocument]:
        return list(UserDocument.objects.order_by("created_at"))

    @reaching_mongodb()
    def emails(self, user_ids: Collection[str]) -> dict[str, str]:
        """By the ids of those accounts that there are."""
        ids = [ObjectId(user_id) for user_id in user_ids if ObjectId.is_valid(user_id)]
        return {str(user.id): user.email for user in UserDocument.objects(id__in=ids).only("email")}

    @reaching_mongodb()
    def change_password(self, user_id: ObjectId, password_hash: bytes) -> UserDocument | None:
        """Replace the password and revoke every access token; None when the account is gone."""
        changed: UserDocument | None = UserDocument.objects(id=user_id).modify(
            set__password_hash=password_hash, inc__token_version=1, new=True
        )
        return changed


def view(user: UserDocument) -> UserView:
    return UserView(id=str(user.id), email=user.email, role=user.role)


def _duplicate_field(refused: mongoengine.errors.NotUniqueError) -> str:
    cause: Any = refused.__context__  # MongoEngine raises it without `from`
    return str(next(iter(cause.details["keyPattern"])))
