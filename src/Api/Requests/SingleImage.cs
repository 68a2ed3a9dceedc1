using Fovea.Api.Configuration;
using Fovea.Api.Problems;
using Fovea.Models.Errors;

namespace Fovea.Api.Requests;

/// <summary>Reads requests that carry one image: as it is, in JSON as base64, or as the only file of a form.</summary>
internal sealed class SingleImage(Settings settings, RequestBodies bodies)
{
    /// <summary>Reads the image file of a request.</summary>
    /// <returns>The bytes, at least one; to be disposed of.</returns>
    /// <exception cref="RefusalException">The request carries no image or several, or is too large or too slow.</exception>
    public async Task<PooledBytes> Read(HttpRequest request, CancellationToken stop)
    {
        var kind = RequestBody.KindOf(request);
        var boundary = kind == BodyKind.Form ? MultipartImages.Boundary(request) : null;
        var body = await bodies.Read(request, RequestBody.Most(kind, settings));
        if (kind == BodyKind.Image && body.Length > 0)
        {
            return body;
        }

        using (body)
        {
            return body.Length == 0 ? throw RequestBody.Empty(kind)
                : boundary is null ? JsonImage.Decode(body.Span, settings.MaxImageBytes)
                : await OnlyFile(new(body, boundary, settings), stop);
        }
    }

    private static async Task<PooledBytes> OnlyFile(MultipartImages form, CancellationToken stop)
    {
        PooledBytes? only = null;
        try
        {
            await foreach (var (_, image, refusal) in form.Read(stop))
            {
                if (only is not null)
                {
                    image?.Dispose();
                    throw new ServiceException(ServiceError.MalformedRequest, "The form has several files; expected one image file.");
                }

                only = image ?? throw refusal!;
            }

            return only!;
        }
        catch
        {
            only?.Dispose();
            throw;
        }
    }
}
