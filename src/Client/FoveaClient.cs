using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;

namespace Fovea.Client;

/// <summary>
/// A client of a Fovea service: it classifies and explains images, and manages the service's data sets and fine-tuning jobs. Several
/// threads can use it at the same time.
/// </summary>
/// <remarks>
/// Each method throws a <see cref="FoveaClientException"/> if the service refuses the request, an <see cref="HttpRequestException"/> if the
/// service cannot be reached, and a <see cref="TimeoutException"/> if the answer takes longer than
/// <see cref="FoveaClientOptions.Timeout"/>.
/// </remarks>
public sealed class FoveaClient : IDisposable
{
    private readonly ServiceConnection connection;
    private readonly HttpClient? owned;

    /// <summary>
    /// Creates a client with its own connections and retries. Applications with dependency injection use AddFoveaClient instead.
    /// </summary>
    /// <param name="options">The address, the key and the retries.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public FoveaClient(FoveaClientOptions options)
        : this(new HttpClient(Retries.Handler(options.Checked())), options) => owned = Http;

    /// <summary>Creates a client that sends its requests with a given HTTP client, and adds no retries.</summary>
    /// <param name="http">An HTTP client that has not sent a request yet. Its address and key are set, and it is not disposed.</param>
    /// <param name="options">The address, the key and the time limit.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public FoveaClient(HttpClient http, FoveaClientOptions options)
    {
        Http = http;
        connection = new ServiceConnection(http, options);
        Datasets = new DatasetClient(connection);
        FineTuning = new FineTuningClient(connection, TimeProvider.System);
    }

    /// <summary>The data sets of the service.</summary>
    public DatasetClient Datasets { get; }

    /// <summary>The fine-tuning jobs of the service.</summary>
    public FineTuningClient FineTuning { get; }

    private HttpClient Http { get; }

    /// <summary>Classifies an image.</summary>
    /// <param name="model">The model's name.</param>
    /// <param name="image">The image: bytes, or a file or stream by <see cref="ImageUpload"/>.</param>
    /// <param name="top">The largest number of classes in the answer, from 1; null: 5.</param>
    /// <param name="threshold">The least probability of a class in the answer, 0 to 1; null: no limit.</param>
    /// <param name="version">The version of the model; null: the version that the service serves by default.</param>
    /// <param name="stop">Cancels the request.</param>
    public async Task<ImageClassification> ClassifyAsync(
        string model, ImageUpload image, int? top = null, double? threshold = null, int? version = null, CancellationToken stop = default)
    {
        using var request = Classify(model, await image.Read(stop), top, threshold, version);
        return await connection.Ask(request, ClientJson.Default.ImageClassification, stop);
    }

    /// <summary>Classifies several images in one request.</summary>
    /// <param name="model">The model's name.</param>
    /// <param name="images">The images, at least one.</param>
    /// <param name="top">The largest number of classes for each image, from 1; null: 5.</param>
    /// <param name="threshold">The least probability of a class in the answer, 0 to 1; null: no limit.</param>
    /// <param name="version">The version of the model; null: the version that the service serves by default.</param>
    /// <param name="stop">Cancels the request.</param>
    /// <returns>A classification or a problem for each image, in the order of the images.</returns>
    public async Task<IReadOnlyList<ImageResult>> ClassifyAllAsync(
        string model,
        IEnumerable<ImageUpload> images,
        int? top = null,
        double? threshold = null,
        int? version = null,
        CancellationToken stop = default)
    {
        using var form = new MultipartFormDataContent();
        foreach (var image in images)
        {
            form.Add(await image.Read(stop), "image", image.Name);
        }

        using var request = Classify(model, form, top, threshold, version);
        return [.. (await connection.AskForEach(request, stop)).Select(Result)];
    }

    /// <summary>Shows which places of an image speak for a class, as numbers.</summary>
    /// <param name="model">The model's name.</param>
    /// <param name="image">The image.</param>
    /// <param name="class">The label or the index of the class; null: the likeliest class.</param>
    /// <param name="method">grad-cam, integrated-gradients or rise; null: grad-cam.</param>
    /// <param name="version">The version of the model; null: the version that the service serves by default.</param>
    /// <param name="stop">Cancels the request.</param>
    public async Task<ImageExplanation> ExplainAsync(
        string model,
        ImageUpload image,
        string? @class = null,
        string? method = null,
        int? version = null,
        CancellationToken stop = default)
    {
        using var request = Explain(model, await image.Read(stop), @class, method, version);
        return await connection.Ask(request, ClientJson.Default.ImageExplanation, stop);
    }

    /// <summary>Shows which places of an image speak for a class, as the image with a heat map over it.</summary>
    /// <returns>A PNG file of the upright image's size.</returns>
    /// <inheritdoc cref="ExplainAsync"/>
    public async Task<byte[]> ExplainAsPngAsync(
        string model,
        ImageUpload image,
        string? @class = null,
        string? method = null,
        int? version = null,
        CancellationToken stop = default)
    {
        using var request = Explain(model, await image.Read(stop), @class, method, version);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("image/png"));
        return await connection.AskForBytes(request, stop);
    }

    /// <summary>Lists the models.</summary>
    /// <param name="stop">Cancels the request.</param>
    public async Task<IReadOnlyList<ModelInfo>> ListModelsAsync(CancellationToken stop = default)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "models");
        return await connection.Ask(request, ClientJson.Default.IReadOnlyListModelInfo, stop);
    }

    /// <summary>Describes a model.</summary>
    /// <param name="model">The model's name.</param>
    /// <param name="stop">Cancels the request.</param>
    public async Task<ModelInfo> GetModelAsync(string model, CancellationToken stop = default)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"models/{Route.Part(model)}");
        return await connection.Ask(request, ClientJson.Default.ModelInfo, stop);
    }

    /// <summary>Checks that the service is ready for requests; throws if it is not.</summary>
    /// <param name="stop">Cancels the request.</param>
    /// <exception cref="FoveaClientException">
    /// The service is starting or shutting down: <see cref="FoveaClientException.Code"/> is unavailable.
    /// </exception>
    public async Task CheckReadyAsync(CancellationToken stop = default)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "health/ready");
        Retries.Forbid(request);
        await connection.AskForBytes(request, stop);
    }

    /// <summary>Closes the client's own connections. An HTTP client that was given stays open.</summary>
    public void Dispose() => owned?.Dispose();

    private static HttpRequestMessage Classify(string model, HttpContent body, int? top, double? threshold, int? version)
    {
        var path = $"classify/{Route.Part(model)}{(version is { } number ? Text($"/versions/{number}") : "")}";
        return Safe(Route.WithQuery(path, ("top", Text($"{top}")), ("threshold", Text($"{threshold:R}"))), body);
    }

    private static HttpRequestMessage Explain(string model, HttpContent body, string? @class, string? method, int? version) => Safe(
        Route.WithQuery($"explain/{Route.Part(model)}", ("class", @class), ("method", method), ("version", Text($"{version}"))), body);

    // Creates a POST that may be sent again even if the service has already processed it, because classifying and explaining change
    // nothing.
    private static HttpRequestMessage Safe(string path, HttpContent body)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = body };
        Retries.Allow(request);
        return request;
    }

    private static ImageResult Result(JsonElement entry) => entry.TryGetProperty("predictions", out _)
        ? new(entry.Deserialize(ClientJson.Default.ImageClassification), null)
        : new(null, entry.Deserialize(ClientJson.Default.FoveaProblem));

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
