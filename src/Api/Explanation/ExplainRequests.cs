using Fovea.Api.Requests;
using Fovea.Api.Scheduling;
using Fovea.Api.Serving;
using Fovea.Models.Errors;
using Fovea.Models.Explanations;

namespace Fovea.Api.Explanation;

/// <summary>
/// Answers requests to explain. The number of explanations at the same time is small and limited for all models together, so that in
/// overload the service refuses explanations before it refuses requests to classify.
/// </summary>
internal sealed class ExplainRequests(
    ServingSettings serving, ImageExplainer explainer, SingleImage images, RequestsInFlight inFlight)
{
    private const string Png = "image/png", Json = "application/json";

    /// <summary>Limits the explanations in progress, for all models together.</summary>
    public Admission Places { get; } = new("POST /explain", serving.MaxExplanations, inFlight);

    /// <summary>Reads a request, takes one of <see cref="Places"/>, and explains the image.</summary>
    /// <param name="lease">A lease of the model's version.</param>
    /// <param name="wanted">The label or the index of the class to explain; null or empty: the likeliest class.</param>
    /// <param name="method">The name of a method; null or empty: grad-cam.</param>
    /// <param name="request">The request with the image.</param>
    /// <param name="stop">Cancelled when the client disconnects.</param>
    /// <exception cref="RefusalException">The request cannot be used, or all places are taken.</exception>
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
            // The answer depends on the Accept header, so caches must store one answer for each Accept header.
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
