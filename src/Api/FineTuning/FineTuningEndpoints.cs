using Fovea.Api.Jobs;
using Fovea.Api.Keys;
using Fovea.Api.Requests;
using Fovea.Api.RouteDescriptions;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Fovea.Api.FineTuning;

/// <summary>The routes of fine-tuning jobs, modelled on OpenAI's.</summary>
internal static class FineTuningEndpoints
{
    public static void MapFineTuning(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/fine_tuning/jobs").WithTags("Fine-tuning").NeedsKey(KeyScope.Train).Refuses(503);
        group.MapPost("", Create).WithName("CreateFineTuningJob")
            .WithSummary("Fine-tune a model on the classes of a data set")
            .WithDescription(
                "The job waits for a worker, trains in a separate process, and is evaluated. The result is a new model, or the next "
                + "version of a model with the same classes, which is published if it is not worse than the version that serves.")
            .WithMetadata(new TakesJob()).Refuses(400, 404, 409, 413, 429);
        group.MapGet("", List).WithName("ListFineTuningJobs")
            .WithSummary("List the jobs")
            .WithDescription("Lists the jobs in pages, the newest first.")
            .Refuses(400, 404);
        group.MapGet("/{job}", Get).WithName("GetFineTuningJob")
            .WithSummary("Show a job")
            .WithDescription("Returns the status, the hyperparameters that have been chosen, and the estimated time of the end.")
            .Refuses(404);
        group.MapGet("/{job}/events", Events).WithName("ListFineTuningEvents")
            .WithSummary("Follow a job")
            .WithDescription(
                "Returns a list, the newest event first. With `Accept: text/event-stream`, streams each event as it happens, after the "
                + "one that `Last-Event-ID` names, until the job has ended.")
            .Produces<Page<JobEventAnswer>>().AnswersAlso("text/event-stream").Refuses(400, 404);
        group.MapGet("/{job}/checkpoints", Checkpoints).WithName("ListFineTuningCheckpoints")
            .WithSummary("List the checkpoints of a job")
            .WithDescription(
                "Lists the newest first. Only the newest has a file. After the loss of a worker, training repeats the steps since then.")
            .Refuses(400, 404);
        group.MapGet("/{job}/report", Report).WithName("GetFineTuningReport")
            .WithSummary("Show the report of a job")
            .WithDescription(
                "Returns learning curves, the confusion matrix, metrics of each class, calibration, the worst mistakes and the "
                + "provenance, as a page with `Accept: text/html`, otherwise as JSON.")
            .Produces<object>().WithMetadata(new AnswersReport()).AnswersAlso("text/html").Refuses(404, 409);
        group.MapPost("/{job}/cancel", Cancel).WithName("CancelFineTuningJob")
            .WithSummary("Cancel a job")
            .WithDescription("The job ends at once and cannot be resumed.")
            .Refuses(404, 409);
        group.MapPost("/{job}/pause", Pause).WithName("PauseFineTuningJob")
            .WithSummary("Pause a job")
            .WithDescription("Training saves a checkpoint and ends, and the worker takes the next job.")
            .Refuses(404, 409);
        group.MapPost("/{job}/resume", Resume).WithName("ResumeFineTuningJob")
            .WithSummary("Resume a paused job")
            .WithDescription("The job waits for a worker and goes on from its checkpoint. The result is the same as without a pause.")
            .Refuses(404, 409);
    }

    private static async Task<Created<JobAnswer>> Create(HttpRequest request, JobRequests requests, CancellationToken stop)
    {
        var job = await requests.Create(request, JobRequest.Read, stop);
        return TypedResults.Created($"/fine_tuning/jobs/{job.Id}", JobAnswer.Of(job));
    }

    private static async Task<Ok<Page<JobAnswer>>> List(string? after, string? limit, JobPages pages, CancellationToken stop) =>
        TypedResults.Ok(await pages.Jobs(after, limit, JobAnswer.Of, stop));

    private static async Task<Ok<JobAnswer>> Get(string job, JobStore jobs, CancellationToken stop) =>
        TypedResults.Ok(JobAnswer.Of(await jobs.Find(job, stop)));

    private static async Task<IResult> Events(
        string job, string? after, string? limit, HttpContext context, JobPages pages, EventStream stream, CancellationToken stop)
    {
        if (EventStream.IsWanted(context.Request))
        {
            await stream.Write(job, context, stop);
            return TypedResults.Empty;
        }

        return TypedResults.Ok(await pages.Events(job, after, limit, JobEventAnswer.Of, stop));
    }

    private static async Task<Ok<Page<JobCheckpointAnswer>>> Checkpoints(
        string job, string? after, string? limit, JobPages pages, CancellationToken stop) =>
        TypedResults.Ok(await pages.Checkpoints(job, after, limit, JobCheckpointAnswer.Of, stop));

    private static async Task<PhysicalFileHttpResult> Report(string job, HttpRequest request, JobReports reports, CancellationToken stop)
    {
        bool asPage = request.GetTypedHeaders().Accept.Any(type => type.MediaType == "text/html");
        var file = await reports.Find(job, asPage, stop);
        return TypedResults.PhysicalFile(file, asPage ? "text/html; charset=utf-8" : "application/json");
    }

    private static async Task<Ok<JobAnswer>> Cancel(string job, JobStore jobs, CancellationToken stop) =>
        TypedResults.Ok(JobAnswer.Of(await jobs.Change(job, now => now.Cancel(), stop)));

    private static async Task<Ok<JobAnswer>> Pause(string job, JobStore jobs, CancellationToken stop) =>
        TypedResults.Ok(JobAnswer.Of(await jobs.Change(job, now => now.Pause(), stop)));

    private static async Task<Ok<JobAnswer>> Resume(string job, JobStore jobs, CancellationToken stop) =>
        TypedResults.Ok(JobAnswer.Of(await jobs.Change(job, now => now.Resume(), stop)));
}
