using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Fovea.Client;

/// <summary>Sends requests, within the time limit, and reads the answers.</summary>
internal sealed class ServiceConnection
{
    private const string ProblemType = "application/problem+json", JsonType = "application/json";

    private readonly HttpClient http;
    private readonly FoveaClientOptions options;

    /// <summary>Sets the client's address, key and time limit.</summary>
    /// <param name="http">An HTTP client that has not sent a request yet.</param>
    /// <param name="options">The address, the key and the time limit.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public ServiceConnection(HttpClient http, FoveaClientOptions options)
    {
        (this.http, this.options) = (http, options.Checked());

        // Without a slash at the end of the address, the request's path would replace the last part of the address's path.
        var address = options.Address.AbsoluteUri;
        http.BaseAddress = new Uri(address.EndsWith('/') ? address : $"{address}/");
        http.Timeout = Timeout.InfiniteTimeSpan;
        if (options.ApiKey is { } key)
        {
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        }
    }

    /// <summary>Sends a request within the time limit, and reads its answer from JSON.</summary>
    /// <exception cref="FoveaClientException">The service refuses the request.</exception>
    /// <exception cref="HttpRequestException">The service cannot be reached.</exception>
    /// <exception cref="TimeoutException">The answer takes longer than allowed.</exception>
    public Task<T> Ask<T>(HttpRequestMessage request, JsonTypeInfo<T> type, CancellationToken stop) =>
        InTime(limit => AskWithoutLimit(request, type, limit), stop);

    /// <summary>Sends a request that may take any time, and reads its answer from JSON.</summary>
    /// <inheritdoc cref="Ask"/>
    public async Task<T> AskWithoutLimit<T>(HttpRequestMessage request, JsonTypeInfo<T> type, CancellationToken stop)
    {
        using var answer = await Send(request, stop);
        return await Read(answer, type, stop);
    }

    /// <summary>Sends a request within the time limit, and reads its answer as bytes.</summary>
    /// <inheritdoc cref="Ask"/>
    public Task<byte[]> AskForBytes(HttpRequestMessage request, CancellationToken stop) => InTime(
        async limit =>
        {
            using var answer = await Send(request, limit);
            return await answer.Content.ReadAsByteArrayAsync(limit);
        },
        stop);

    /// <summary>
    /// Sends a request within the time limit, and reads a list of answers and problems. The service also answers with a list if it can use
    /// none of several images.
    /// </summary>
    /// <inheritdoc cref="Ask"/>
    public Task<IReadOnlyList<JsonElement>> AskForEach(HttpRequestMessage request, CancellationToken stop) => InTime(
        async limit =>
        {
            using var answer = await http.SendAsync(request, limit);
            if (TypeOf(answer) != JsonType)
            {
                await ThrowIfRefused(answer, limit);
            }

            return await Read(answer, ClientJson.Default.IReadOnlyListJsonElement, limit);
        },
        stop);

    /// <summary>Sends a request, and returns the answer once its headers have arrived.</summary>
    /// <exception cref="FoveaClientException">The service refuses the request.</exception>
    /// <exception cref="HttpRequestException">The service cannot be reached.</exception>
    public async Task<HttpResponseMessage> Send(HttpRequestMessage request, CancellationToken stop)
    {
        var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop);
        await ThrowIfRefused(answer, stop);
        return answer;
    }

    private async Task<T> InTime<T>(Func<CancellationToken, Task<T>> work, CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(options.Timeout);
        try
        {
            return await work(limit.Token);
        }
        catch (OperationCanceledException e) when (!stop.IsCancellationRequested)
        {
            throw new TimeoutException($"{http.BaseAddress} has not answered within {options.Timeout.TotalSeconds} s.", e);
        }
    }

    private static async Task<T> Read<T>(HttpResponseMessage answer, JsonTypeInfo<T> type, CancellationToken stop)
    {
        try
        {
            await using var body = await answer.Content.ReadAsStreamAsync(stop);
            return await JsonSerializer.DeserializeAsync(body, type, stop) ?? throw new JsonException("The JSON is null.");
        }
        catch (JsonException e)
        {
            throw Unexpected(answer, "another body than this client knows", e);
        }
    }

    private static async Task ThrowIfRefused(HttpResponseMessage answer, CancellationToken stop)
    {
        if (answer.IsSuccessStatusCode)
        {
            return;
        }

        using (answer)
        {
            throw TypeOf(answer) == ProblemType
                ? new FoveaClientException(await Read(answer, ClientJson.Default.FoveaProblem, stop), RetryAfter(answer))
                : Unexpected(answer, "no problem document");
        }
    }

    private static FoveaClientException Unexpected(HttpResponseMessage answer, string what, Exception? inner = null)
    {
        var (status, address) = ((int)answer.StatusCode, answer.RequestMessage?.RequestUri?.GetLeftPart(UriPartial.Path));
        var detail = $"{address} has answered {status} with {what}; expected the answer of a Fovea service.";
        return new(new(answer.ReasonPhrase ?? "", status, detail, FoveaProblem.UnexpectedAnswer), RetryAfter(answer), inner);
    }

    private static TimeSpan? RetryAfter(HttpResponseMessage answer) => answer.Headers.RetryAfter?.Delta;

    private static string? TypeOf(HttpResponseMessage answer) => answer.Content.Headers.ContentType?.MediaType;
}
