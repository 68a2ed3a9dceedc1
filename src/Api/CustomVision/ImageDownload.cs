using System.Text.Json;
using Fovea.Api.Configuration;
using Fovea.Api.Problems;
using Fovea.Api.Requests;

namespace Fovea.Api.CustomVision;

/// <summary>
/// Downloads images whose addresses are in requests, but only from the hosts in <see cref="CustomVisionSettings.UrlHosts"/>. If the service
/// fetched any address, its callers could read from other machines in the service's private network.
/// </summary>
internal sealed class ImageDownload : IDisposable
{
    private const int LongestSeconds = 10, MostUrlBytes = 16 << 10;

    private readonly HttpClient client;
    private readonly RequestBodies bodies;
    private readonly CustomVisionSettings allowed;
    private readonly int mostBytes;

    public ImageDownload(RequestBodies bodies, CustomVisionSettings allowed, Settings settings)
    {
        (this.bodies, this.allowed, mostBytes) = (bodies, allowed, settings.MaxImageBytes);

        // Redirects are not followed, because they may lead to a host that is not allowed. Each connection is closed after a minute, so
        // that the client notices when the host gets another IP address.
        client = new(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            PooledConnectionLifetime = TimeSpan.FromMinutes(1),
        })
        {
            Timeout = TimeSpan.FromSeconds(LongestSeconds),
        };
    }

    /// <summary>Fetches the image file at the address that a request names: <c>{"url": "https://..."}</c>.</summary>
    /// <param name="request">The request. The address is an http or https address.</param>
    /// <param name="stop">Stops fetching.</param>
    /// <returns>The bytes of the file, at least one. The caller disposes of them.</returns>
    /// <exception cref="ServiceException">
    /// <see cref="ServiceError.MalformedRequest"/>: the body names no address. <see cref="ServiceError.ImageNotFetched"/>: the host of the
    /// address is not allowed, or does not answer with an image in time. <see cref="ServiceError.TooLarge"/>: the request's body or the
    /// image has too many bytes.
    /// </exception>
    public async Task<PooledBytes> Fetch(HttpRequest request, CancellationToken stop)
    {
        var url = Check(await ReadAddress(request));
        try
        {
            using var answer = await client.GetAsync(url, HttpCompletionOption.ResponseHeadersRead, stop);
            if (!answer.IsSuccessStatusCode)
            {
                throw NotFetched($"{url.Authority} answered {(int)answer.StatusCode}; expected 200 with an image");
            }

            RequestBody.RefuseOver(mostBytes, "The image", answer.Content.Headers.ContentLength);

            // HttpClient's own time limit ends when the headers have arrived, so the body gets another time limit here.
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
            limit.CancelAfter(client.Timeout);
            await using var body = await answer.Content.ReadAsStreamAsync(limit.Token);
            var image = await PooledBytes.Read(body, mostBytes, limit.Token) ?? throw RequestBody.TooLarge("The image", mostBytes);
            if (image.Length > 0)
            {
                return image;
            }

            image.Dispose();
            throw NotFetched($"{url.Authority} answered with an empty body; expected an image");
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw NotFetched($"{url.Authority} cannot be reached; expected an image from there", e);
        }
        catch (OperationCanceledException e) when (!stop.IsCancellationRequested)
        {
            throw NotFetched($"{url.Authority} has not answered within {LongestSeconds} s; expected an image from there", e);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => client.Dispose();

    private async Task<string> ReadAddress(HttpRequest request)
    {
        const string Expected = "an object such as {\"url\": \"https://images.example.org/1.jpg\"}";
        using var body = await bodies.Read(request, MostUrlBytes);
        using var json = RequestJson.Parse(body.Memory, Expected);

        // Older clients send the property as Url instead of url.
        return json.RootElement.ValueKind is JsonValueKind.Object
            && json.RootElement.EnumerateObject().FirstOrDefault(field => field.Name.Equals("url", StringComparison.OrdinalIgnoreCase))
                is { Value.ValueKind: JsonValueKind.String } url
            ? url.Value.GetString()!
            : throw new ServiceException(ServiceError.MalformedRequest, $"The body has no url; expected {Expected}.");
    }

    private Uri Check(string address) =>
        !Uri.TryCreate(address, UriKind.Absolute, out var url) || (url.Scheme != Uri.UriSchemeHttp && url.Scheme != Uri.UriSchemeHttps)
            || url.UserInfo.Length > 0
            ? throw NotFetched($"url is {ReadableText.Of(address)}; expected an http or https address without a user name")
        : allowed.UrlHosts.Count == 0
            ? throw NotFetched("This service does not fetch images by address; expected the image as the body, on a route that ends in "
                + "/image")
        : !allowed.UrlHosts.Contains(url.Authority, StringComparer.OrdinalIgnoreCase)
            ? throw NotFetched(
                $"url has the host {ReadableText.Of(url.Authority)}; expected a host from which the service may fetch images "
                    + "(Fovea:CustomVision:UrlHosts)")
        : url;

    private static ServiceException NotFetched(string message, Exception? cause = null) =>
        new(ServiceError.ImageNotFetched, $"{message}.", cause);
}
