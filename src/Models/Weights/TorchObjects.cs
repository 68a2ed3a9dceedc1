using System.Collections.Frozen;
using System.Collections.Immutable;

namespace Fovea.Models;

/// <summary>A Python dictionary, in its order.</summary>
internal sealed class PickledDictionary : List<(object? Key, object? Value)>
{
    /// <summary>What stands last under a key; null where nothing does.</summary>
    public object? this[string key] => FindLast(item => item.Key as string == key).Value;
}

/// <summary>A name of Python's, as module.name.</summary>
internal sealed record PickledName(string Name);

/// <summary>Elements that stand elsewhere, under a key.</summary>
internal sealed record TorchStorage(ElementType Type, string Key, long Count);

/// <summary>A tensor by its storage, offset and strides in elements.</summary>
internal sealed record TorchTensor(TorchStorage Storage, long Offset, ImmutableArray<long> Size, ImmutableArray<long> Strides);

/// <summary>
/// The names in a pickle by which PyTorch describes tensors, and what stands for them here. Nothing of Python's is run: any other name is refused.
/// </summary>
/// <param name="limit">How many elements may be copied in all: as many as the file has bytes.</param>
internal sealed class TorchObjects(long limit)
{
    private const string OrderedDict = "collections.OrderedDict", RebuildTensor = "torch._utils._rebuild_tensor", RebuildTensor2 = "torch._utils._rebuild_tensor_v2", RebuildParameter = "torch._utils._rebuild_parameter";

    private const int HighestRank = 8;

    private static readonly FrozenDictionary<string, ElementType> StorageTypes = new Dictionary<string, ElementType>
    {
        ["torch.FloatStorage"] = ElementType.Float,
        ["torch.HalfStorage"] = ElementType.Float16,
        ["torch.BFloat16Storage"] = ElementType.BFloat16,
        ["torch.DoubleStorage"] = ElementType.Double,
        ["torch.LongStorage"] = ElementType.Int64,
        ["torch.IntStorage"] = ElementType.Int32,
        ["torch.ShortStorage"] = ElementType.Int16,
        ["torch.CharStorage"] = ElementType.Int8,
        ["torch.ByteStorage"] = ElementType.UInt8,
        ["torch.BoolStorage"] = ElementType.Bool,
    }.ToFrozenDictionary();

    private static readonly FrozenSet<string> Globals = [OrderedDict, RebuildTensor, RebuildTensor2, RebuildParameter, .. StorageTypes.Keys];

    private readonly Dictionary<string, TorchStorage> storages = [];
    private long copied;

    /// <summary>Every storage that was named, by its key.</summary>
    public IReadOnlyDictionary<string, TorchStorage> Storages => storages;

    /// <summary>What a function gives for its arguments.</summary>
    /// <exception cref="FoveaException">It does not take them.</exception>
    public object? Call(string function, object?[] arguments) => (function, arguments) switch
    {
        (OrderedDict, []) => new PickledDictionary(),
        (OrderedDict, [List<object?> pairs]) => FromPairs(pairs),
        (RebuildTensor, [TorchStorage storage, long offset, object?[] size, object?[] strides]) => new TorchTensor(storage, offset, Longs(size), Longs(strides)),
        (RebuildTensor2, [TorchStorage storage, long offset, object?[] size, object?[] strides, ..]) => new TorchTensor(storage, offset, Longs(size), Longs(strides)),
        (RebuildParameter, [TorchTensor tensor, ..]) => tensor,
        _ => throw Unpickler.Bad($"it calls {function} with {arguments.Length} arguments that it does not take"),
    };

    /// <summary>
    /// The storage that a pickle refers to outside of itself, as ('storage', type, key, location, number of elements), and null where PyTorch once
    /// described views.
    /// </summary>
    /// <exception cref="FoveaException">It refers to something else, or contradicts itself.</exception>
    public TorchStorage Persistent(object?[] id)
    {
        if (id is not ["storage", PickledName { Name: var name }, string key, _, long count, .. [] or [null]] || !StorageTypes.TryGetValue(name, out var type) || count < 0)
        {
            throw Unpickler.Bad("it refers to something outside that is no storage of numbers");
        }

        var storage = new TorchStorage(type, key, count);
        return storages.TryAdd(key, storage) || storages[key] == storage ? storage : throw Unpickler.Bad($"it describes the storage {Shown(key)} in two ways");
    }

    /// <summary>A name of Python's that is needed to describe tensors.</summary>
    /// <exception cref="FoveaException">It is any other.</exception>
    public static PickledName Named(string module, string name)
    {
        var full = $"{module}.{name}";
        return Globals.Contains(full) ? new PickledName(full) : throw Unpickler.Bad($"it names {Shown(full)}, which is not needed to describe tensors and is not run; expected a state dict (torch.save(model.state_dict(), file))");
    }

    // Python 2 gave the items of an OrderedDict as a list of pairs.
    private PickledDictionary FromPairs(List<object?> pairs)
    {
        // A list that is recalled and copied again and again would take more memory than the file has.
        copied += pairs.Count;
        return copied > limit ? throw Unpickler.Bad("it copies more than it holds") : [.. pairs.Select(pair => pair switch
        {
            object?[] and [var key, var value] => (key, value),
            List<object?> and [var key, var value] => (key, value),
            _ => throw Unpickler.Bad("an OrderedDict is made of something else than pairs"),
        })];
    }

    private static ImmutableArray<long> Longs(object?[] values) => values.Length > HighestRank
        ? throw Unpickler.Bad($"a tensor has {values.Length} axes; expected at most {HighestRank}")
        : [.. values.Select(value => value is long number ? number : throw Unpickler.Bad("a tensor's size or stride is no number"))];

    private static string Shown(string text) => text.Length <= 100 ? text : $"{text[..100]}...";
}
