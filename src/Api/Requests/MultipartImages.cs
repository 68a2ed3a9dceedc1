using System.Globalization;
using System.Runtime.CompilerServices;
using Fovea.Api.Configuration;
using Fovea.Api.Problems;
using Fovea.Models.Errors;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace Fovea.Api.Requests;

/// <summary>Reads the files of a multipart form that has arrived completely, one after the other.</summary>
/// <param name="form">The body of the request.</param>
/// <param name="boundary">The text that separates the parts of the form.</param>
/// <param name="settings">The limits of the size and the number of files.</param>
internal sealed class MultipartImages(PooledBytes form, string boundary, Settings settings)
{
    private const int LongestBoundary = 100;

    /// <summary>Returns each file with its name for messages: either its bytes, or the reason why the file is refused.</summary>
    /// <exception cref="RefusalException">The form itself cannot be read, has no file, or has too many files.</exception>
    public async IAsyncEnumerable<(string Name, PooledBytes? Image, RefusalException? Refusal)> Read(
        [EnumeratorCancellation] CancellationToken stop)
    {
        using var stream = form.AsStream();
        var reader = new MultipartReader(boundary, stream);
        int files = 0;
        while (await Try(() => reader.ReadNextSectionAsync(stop)) is { } section)
        {
            if (!IsFile(section))
            {
                continue;
            }

            if (++files > settings.MaxImages)
            {
                throw new ServiceException(
                    ServiceError.MalformedRequest,
                    $"The form has more than the {settings.MaxImages:N0} files allowed (Fovea:MaxImages).");
            }

            var name = section.AsFileSection()?.FileName is { Length: > 0 } fileName ? ReadableText.Of(fileName)
                : string.Create(CultureInfo.InvariantCulture, $"File {files} of the form");
            var (image, refusal) = await Try(() => ReadFile(section, name, stop));
            yield return (name, image, refusal);
        }

        if (files == 0)
        {
            throw new ServiceException(ServiceError.MalformedRequest, "The form has no file; expected one or several image files.");
        }
    }

    /// <summary>Returns the text that separates the parts of a form, from the request's Content-Type.</summary>
    /// <exception cref="RefusalException">The request does not declare a boundary.</exception>
    public static string Boundary(HttpRequest request)
    {
        var boundary = HeaderUtilities.RemoveQuotes(MediaTypeHeaderValue.Parse(request.ContentType).Boundary).Value;
        return boundary is { Length: > 0 and <= LongestBoundary } ? boundary : throw new ServiceException(
            ServiceError.MalformedRequest,
            $"The multipart form is declared without a boundary of 1 to {LongestBoundary} characters; "
                + "expected multipart/form-data; boundary=...");
    }

    /// <summary>Runs a read of a form, and turns its errors into messages for callers.</summary>
    /// <remarks>
    /// If a form ends too early, the reader throws a plain IOException. The server's own exceptions, such as the one for a body over its
    /// limit, derive from IOException and pass through unchanged.
    /// </remarks>
    /// <exception cref="RefusalException">The form cannot be read, or ends too early.</exception>
    public static async Task<T> Try<T>(Func<Task<T>> read)
    {
        try
        {
            return await read();
        }
        catch (InvalidDataException e)
        {
            throw new ServiceException(ServiceError.MalformedRequest, $"The multipart form cannot be read: {e.Message.TrimEnd('.')}.", e);
        }
        catch (IOException e) when (e.GetType() == typeof(IOException))
        {
            throw new ServiceException(
                ServiceError.MalformedRequest, "The multipart form ends before its last boundary; expected a complete form.", e);
        }
    }

    private async Task<(PooledBytes?, RefusalException?)> ReadFile(MultipartSection section, string name, CancellationToken stop)
    {
        try
        {
            RequestBody.RefuseUnlessImage(section.ContentType, name);
            var image = await PooledBytes.Read(section.Body, settings.MaxImageBytes, stop)
                ?? throw RequestBody.TooLarge(name, settings.MaxImageBytes);
            if (image.Length > 0)
            {
                return (image, null);
            }

            image.Dispose();
            throw new FoveaException(ErrorCode.EmptyBody, $"{name} is empty; expected an image.");
        }
        catch (RefusalException e)
        {
            return (null, e);
        }
    }

    private static bool IsFile(MultipartSection section) =>
        section.GetContentDispositionHeader()?.IsFileDisposition() == true
        || section.ContentType?.StartsWith("image/", StringComparison.OrdinalIgnoreCase) == true

        // Custom Vision's client sends bytes without the name of a file.
        || section.ContentType?.StartsWith("application/octet-stream", StringComparison.OrdinalIgnoreCase) == true;
}
