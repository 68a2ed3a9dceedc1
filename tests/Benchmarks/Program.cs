using System.Globalization;
using BenchmarkDotNet.Running;
using Fovea.Benchmarks;
using Fovea.Benchmarks.FineTuning;
using Fovea.Benchmarks.Gpu;
using Fovea.Benchmarks.Serving;
using Fovea.Benchmarks.Simulation;

// dotnet run -c Release --project tests/Benchmarks -- COMMAND, where COMMAND is one of:
//
// serve [--seconds N] [PART|FILE...] the service and the bare runtime, in turns
// mutate [SECONDS [SEED]]           mutated images, JSON, archives and models
// slow-uploads [ROUNDS]             the effect of slow uploads on other clients
// stress [MINUTES [SEED [STARTS]]]  starts, swaps and replaced files under load: every answer must be right
// first-start NAME [CLIENTS [SECONDS]]  images per second from the first answer on, without stored measurements
// agree FILE PHOTOS [COUNT]         the answers of a file as it is and rewritten, on parts of photos
// cycles [COUNT]                    memory that is left after loading and unloading
// bombs                             the cost of small files that need much to decode
// replicas [NAME [SECONDS]]         images per second of replicas with a processor each, behind nginx
// queue [COUNT [WORKERS...]]        jobs per second that workers take from one PostgreSQL server
// outages [COUNT [SEED]]            PostgreSQL stopped at random moments of fine-tuning jobs
// simulate [RATE [START [SEED]]]    a day of traffic before 10 to 10,000 replicas that Kubernetes scales
// state-stress [MINUTES [SEED]]     PostgreSQL and a worker stopped in turn during jobs, uploads and classification
// torch NAME|all [BATCH [PAIRS]]    our training step and PyTorch's, in turns
// folder FOLDER [NAME|FILE [TURNS]] head fine-tuning and classify beside the service, on a folder of photos
// profile NAME [BATCH]              where a training step spends its time
// gpu --device cuda|cpu [PART...]   all that runs on a GPU, as a table; tests/gpu builds it and starts it
// --filter '*'                      the benchmarks of BenchmarkDotNet
switch (args)
{
    case ["serve", .. var parts]:
        return ServeBenchmark.Run(parts);
    case ["mutate", .. { Length: <= 2 } numbers]:
        return await Mutations.Run(Number(numbers, 0) ?? 60, Number(numbers, 1) ?? 1);
    case ["stress", .. { Length: <= 3 } numbers]:
        return await StressBenchmark.Run(Number(numbers, 0) ?? 10, Number(numbers, 1) ?? 1, Number(numbers, 2) ?? 1_000);
    case ["first-start", var name, .. { Length: <= 2 } numbers]:
        return await FirstStart.Run(name, Number(numbers, 0) ?? 8, Number(numbers, 1) ?? 60);
    case ["agree", var file, var photos, .. { Length: <= 1 } numbers]:
        return RewriteAgreement.Run(file, photos, Number(numbers, 0) ?? 1_000);
    case ["slow-uploads", .. { Length: <= 1 } numbers]:
        return await SlowUploads.Run(Number(numbers, 0) ?? 3);
    case ["cycles", .. { Length: <= 1 } numbers]:
        return await LoadCycles.Run(Number(numbers, 0) ?? 2_000);
    case ["bombs"]:
        return await BombBenchmark.Run();
    case ["replicas"]:
        return ReplicaBenchmark.Run("resnet18", 8);
    case ["replicas", var name, .. { Length: <= 1 } numbers]:
        return ReplicaBenchmark.Run(name, Number(numbers, 0) ?? 8);
    case ["queue", .. var numbers]:
        return await QueueBenchmark.Run(
            Number(numbers, 0) ?? 1_000, numbers.Length > 1 ? [.. numbers[1..].Select(number => int.Parse(number, null))] : [1, 2, 4, 8]);
    case ["outages", .. { Length: <= 2 } numbers]:
        return await Outages.Run(Number(numbers, 0) ?? 20, Number(numbers, 1) ?? 1);
    case ["simulate", .. { Length: <= 3 } numbers]:
        return DaySimulation.Run(Number(numbers, 0) ?? 28, Number(numbers, 1) ?? 30, Number(numbers, 2) ?? 1);
    case ["state-stress", .. { Length: <= 2 } numbers]:
        return await StateStress.Run(Number(numbers, 0) ?? 10, Number(numbers, 1) ?? 1);
    case ["bare", var file, var images, var time, .. { Length: <= 1 } rate]:
        return BareRuntime.Run(
            file,
            int.Parse(images, null),
            double.Parse(time, CultureInfo.InvariantCulture),
            rate is [var perSecond] ? double.Parse(perSecond, CultureInfo.InvariantCulture) : null);
    case ["constant", .. var rest]:
        return ConstantEndpoint.Run(rest);
    case ["torch", var name, .. { Length: <= 2 } numbers]:
        return TorchComparison.Run(name, Number(numbers, 0), Number(numbers, 1) ?? 3);
    case ["folder", var photos, .. { Length: <= 2 } rest]:
        return await FolderSpeeds.Run(photos, rest is [var of, ..] ? of : "resnet34", Number(rest, 1) ?? 3);
    case ["profile", var name, .. { Length: <= 1 } numbers]:
        return StepProfile.Run(name, Number(numbers, 0));
    case ["gpu", .. var rest]:
        return DeviceChecks.Run(rest);
    case ["gpu-part", var name, var device]:
        return DeviceChecks.RunPart(name, device);
    default:
        BenchmarkSwitcher.FromAssembly(typeof(TorchComparison).Assembly).Run(args);
        return 0;
}

static int? Number(string[] numbers, int place) => place < numbers.Length ? int.Parse(numbers[place], null) : null;
