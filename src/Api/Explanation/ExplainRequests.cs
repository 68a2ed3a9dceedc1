using Fovea.Api.Requests;
using Fovea.Api.Scheduling;
using Fovea.Api.Serving;
using Fovea.Models.Errors;
using Fovea.Models.Explanations;

namespace Fovea.Api.Explanation;

/// <summary>
/// Answers requests to explain. They have few places of their own, whatever the model, so that in overload they are refused before requests
/// to classify are.
/// </summary>
internal sealed class ExplainRequests(
    ServingSettings serving, ImageExplainer explainer, SingleImage images, RequestsInFlight inFlight)
{
    private const string Png = "image/png", Json = "application/json";

    /// <summary>The places for explanations of all models together.</summary>
    public Admission Places { get; } = new("POST /explain", serving.MaxExplanations, inFlight);

    /// <summary>Reads a request, takes a place, and explains.</summary>
    /// <param name="lease">The version of the model.</param>
    /// <param name="wanted">A label or an index of a class; <c>null</c> or empty for the likeliest class.</param>
    /// <param name="method">The name of a method; <c>null</c> or empty for grad-cam.</param>
    /// <param name="request">The request with the image.</param>
    /// <param name="stop">Cancelled when the client goes.</param>
    /// <exception cref="RefusalException">The request cannot be used, or there is no place for it.</exception>
    public async Task<IResult> Answer(Lease lease, string? wanted, string? method, HttpRequest request, CancellationToken stop)
    {
        var served = lease.Model;
        var options = new ExplanationOptions
        {
            Class = string.IsNullOrEmpty(wanted) ? null : served.Explainer.ClassOf(wanted),
            Method = ExplanationMethods.Parse(method),
        };
        Places.RefuseIfFull();
        served.Admission.RefuseIfFull();
        using var image = await images.Read(request, stop);
        Places.Enter();
        try
        {
            // The answer depends on the Accept header, so caches must key on it.
            request.HttpContext.Response.Headers.Vary = "Accept";
            return IsPngPreferred(request)
                ? TypedResults.Bytes(await explainer.Picture(served, image.Memory, options, Places, stop), Png)
                : TypedResults.Ok(await explainer.Numbers(served, image.Memory, options, Places, stop));
        }
        finally
        {
            Places.Leave();
        }
    }

    private static bool IsPngPreferred(HttpRequest request) => request.GetTypedHeaders().Accept
        .OrderByDescending(type => type.Quality ?? 1)
        .Select(type => type.MediaType.Value switch
        {
            Png or "image/*" => Png,
            Json or "application/*" or "*/*" => Json,
            _ => null,
        })
        .FirstOrDefault(type => type is not null) == Png;
}
