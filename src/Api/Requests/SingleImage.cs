using Fovea.Api.Configuration;
using Fovea.Api.Problems;
using Fovea.Models.Errors;

namespace Fovea.Api.Requests;

/// <summary>Reads requests with one image: as the whole body, in JSON as base64, or as the only file of a form.</summary>
internal sealed class SingleImage(Settings settings, RequestBodies bodies)
{
    /// <summary>Reads the image file of a request.</summary>
    /// <returns>The bytes of the image, at least one. The caller disposes of them.</returns>
    /// <exception cref="RefusalException">The request has no image or several images, is too large, or arrives too slowly.</exception>
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
