using Fovea.Api.FineTuning;
using Fovea.Api.Jobs;
using Fovea.Api.Keys;
using Fovea.Api.Problems;
using Fovea.Api.RouteDescriptions;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Fovea.Api.OpenAIProtocol;

/// <summary>
/// The routes of OpenAI's API for models, files and fine-tuning jobs, for its official clients. They answer with the same models, data sets
/// and jobs as the service's own routes.
/// </summary>
internal static class OpenAIEndpoints
{
    private static readonly Type Error = typeof(OpenAIErrorDocument);

    /// <summary>Adds the services of the routes.</summary>
    public static void AddOpenAI(this IServiceCollection services) =>
        services.AddSingleton<OpenAIModels>().AddSingleton<OpenAIFiles>().AddSingleton<OpenAIUpload>();

    public static void MapOpenAI(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/v1").WithTags("OpenAI").RefusesWith(Error, 401);
        MapModels(group.MapGroup("/models"));
        MapFiles(group.MapGroup("/files").WithMetadata(new NeedsKey(KeyScope.Train)).RefusesWith(Error, 403, 503));
        MapJobs(group.MapGroup("/fine_tuning/jobs").WithMetadata(new NeedsKey(KeyScope.Train)).RefusesWith(Error, 403, 503));
    }

    private static void MapModels(RouteGroupBuilder group)
    {
        group.MapGet("", (OpenAIModels models) => TypedResults.Ok(new OpenAIList<OpenAIModel>("list", models.All)))
            .WithName("ListOpenAIModels").WithMetadata(new RefusesUnknownKey())
            .WithSummary("List the models")
            .WithDescription("Lists the models of the repository, and the pretrained bases that jobs can start from here.");
        group.MapGet("/{model}", (string model, OpenAIModels models) => TypedResults.Ok(models.Find(model)))
            .WithName("GetOpenAIModel").WithMetadata(new RefusesUnknownKey()).RefusesWith(Error, 404)
            .WithSummary("Describe a model")
            .WithDescription("Returns the model's name, and when its newest version was written.");
        group.MapDelete("/{model}", async (string model, OpenAIModels models, CancellationToken stop) =>
                TypedResults.Ok(await models.Delete(model, stop)))
            .WithName("DeleteOpenAIModel").WithMetadata(new NeedsKey(KeyScope.Administer)).RefusesWith(Error, 400, 403, 404, 503, 507)
            .WithSummary("Delete a fine-tuned model")
            .WithDescription("Deletes all versions of a model that a job has made. Requests in flight are still answered.");
    }

    private static void MapFiles(RouteGroupBuilder group)
    {
        group.MapPost("", async (HttpRequest request, OpenAIUpload upload, CancellationToken stop) =>
                TypedResults.Ok(await upload.Receive(request, stop)))
            .WithName("UploadOpenAIFile").WithMetadata(new TakesForm()).RefusesWith(Error, 400, 413, 507)
            .WithSummary("Upload a data set")
            .WithDescription(
                "The body is a form with the parts `purpose`, which is fine-tune, and `file`, a zip file of class folders as for `POST "
                + "/datasets`. The id of the file is that of the data set.");
        group.MapGet("", List).WithName("ListOpenAIFiles").RefusesWith(Error, 400)
            .WithSummary("List the data sets")
            .WithDescription("Lists the data sets as files, in pages of at most 10,000. Reports are not listed.");
        group.MapGet("/{id}", async (string id, OpenAIFiles files, CancellationToken stop) => TypedResults.Ok(await files.Find(id, stop)))
            .WithName("GetOpenAIFile").RefusesWith(Error, 400, 404)
            .WithSummary("Describe a file")
            .WithDescription("Returns the name and the bytes of a data set, or of the report of a job.");
        group.MapGet("/{id}/content", (string id, HttpContext context, OpenAIFiles files, CancellationToken stop) =>
                files.Content(id, context, stop))
            .WithName("DownloadOpenAIFile").Produces<Stream>(200, "application/zip").RefusesWith(Error, 400, 404)
            .WithSummary("Download a file")
            .WithDescription("Returns a data set as a zip file that can be uploaded again, or the report of a job as JSON.");
        group.MapDelete("/{id}", async (string id, OpenAIFiles files, CancellationToken stop) =>
                TypedResults.Ok(await files.Delete(id, stop)))
            .WithName("DeleteOpenAIFile").RefusesWith(Error, 400, 404, 507)
            .WithSummary("Delete a data set")
            .WithDescription("Deletes the data set and its images. Answers 400 while a job trains on it.");
    }

    private static void MapJobs(RouteGroupBuilder group)
    {
        group.MapPost("", Create).WithName("CreateOpenAIFineTuningJob").WithMetadata(new TakesJob()).RefusesWith(Error, 400, 404, 413, 429)
            .WithSummary("Fine-tune a model on a file")
            .WithDescription(
                "Takes OpenAI's body, and the fields of `POST /fine_tuning/jobs`. The method is supervised; `learning_rate_multiplier` is "
                + "auto, and `learning_rate` is the rate itself.");
        group.MapGet("", ListJobs).WithName("ListOpenAIFineTuningJobs").RefusesWith(Error, 400, 404)
            .WithSummary("List the jobs").WithDescription("Lists the jobs in pages, the newest first.");
        group.MapGet("/{job}", async (string job, JobStore jobs, TimeProvider time, CancellationToken stop) =>
                TypedResults.Ok(OpenAIJob.Of(await jobs.Find(job, stop), time.GetUtcNow())))
            .WithName("GetOpenAIFineTuningJob").RefusesWith(Error, 404)
            .WithSummary("Show a job").WithDescription("Returns the status, the hyperparameters and, once it has succeeded, the model.");
        group.MapGet("/{job}/events", Events).WithName("ListOpenAIFineTuningEvents").RefusesWith(Error, 400, 404)
            .WithSummary("List the events of a job").WithDescription("Lists the events in pages, the newest first.");
        group.MapGet("/{job}/checkpoints", Checkpoints).WithName("ListOpenAIFineTuningCheckpoints").RefusesWith(Error, 400, 404)
            .WithSummary("List the checkpoints of a job").WithDescription("Lists the checkpoints in pages, the newest first.");
        (string, Action<Job>, string)[] changes =
        [
            ("cancel", job => job.Cancel(), "The job ends at once and cannot be resumed."),
            ("pause", job => job.Pause(), "Training saves a checkpoint and ends, and the worker takes the next job."),
            ("resume", job => job.Resume(), "The job waits for a worker and goes on from its checkpoint."),
        ];
        foreach (var (verb, change, description) in changes)
        {
            var name = $"{char.ToUpperInvariant(verb[0])}{verb[1..]}";
            group.MapPost($"/{{job}}/{verb}", async (string job, JobStore jobs, TimeProvider time, CancellationToken stop) =>
                    TypedResults.Ok(OpenAIJob.Of(await jobs.Change(job, change, stop), time.GetUtcNow())))
                .WithName($"{name}OpenAIFineTuningJob").RefusesWith(Error, 400, 404)
                .WithSummary($"{name} a job").WithDescription(description);
        }
    }

    private static Ok<OpenAIList<OpenAIFile>> List(string? purpose, string? after, string? limit, string? order, OpenAIFiles files) =>
        TypedResults.Ok(files.List(purpose, after, limit, order));

    private static async Task<Ok<OpenAIJob>> Create(HttpRequest request, JobRequests requests, TimeProvider time, CancellationToken stop) =>
        TypedResults.Ok(OpenAIJob.Of(await requests.Create(request, OpenAIJobRequest.Read, stop), time.GetUtcNow()));

    private static async Task<Ok<OpenAIList<OpenAIJob>>> ListJobs(
        string? after, string? limit, JobPages pages, TimeProvider time, CancellationToken stop) =>
        TypedResults.Ok(OpenAIList.Of(await pages.Jobs(after, limit, job => OpenAIJob.Of(job, time.GetUtcNow()), stop)));

    private static async Task<Ok<OpenAIList<JobEventAnswer>>> Events(
        string job, string? after, string? limit, JobPages pages, CancellationToken stop) =>
        TypedResults.Ok(OpenAIList.Of(await pages.Events(job, after, limit, JobEventAnswer.Of, stop)));

    private static async Task<Ok<OpenAIList<OpenAICheckpoint>>> Checkpoints(
        string job, string? after, string? limit, JobPages pages, CancellationToken stop) =>
        TypedResults.Ok(OpenAIList.Of(await pages.Checkpoints(job, after, limit, OpenAICheckpoint.Of, stop), checkpoint => checkpoint.Id));
}
